/*
 * The thread that deals with FreeSWITCH for the sender: fires events, writes log lines, takes media bugs
 * off channels, and buries taps. Any of it may take its time.
 */
#ifndef RST_STEWARD_H
#define RST_STEWARD_H

#include "tap.h"

#define EVENT_START "rst::start"
#define EVENT_STOP "rst::stop"
#define EVENT_ERROR "rst::error"

enum say { SAY_START, SAY_STOP, SAY_ERROR };

bool steward_start(void);

/* Does what is still to do, and ends. */
void steward_stop(void);

/* These return at once. Orders are done one after the other, in the order in which they came. */
void steward_say(const struct tap *tap, enum say what, const char *text);
void steward_remove(struct tap *tap);
void steward_bury(struct tap *tap);

#endif
