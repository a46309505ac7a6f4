/*
 * What `rst_status` says.
 */
#ifndef RST_STATUS_H
#define RST_STATUS_H

/* JSON of all taps, or of those of one UUID; to be freed, NULL where there is no memory. */
char *status_json(const char *uuid);

#endif
