/*
 * The one thread that has sockets: sends what the media threads have left in the rings of all taps, and
 * hears what their servers say.
 */
#ifndef RST_SENDER_H
#define RST_SENDER_H

#include "tap.h"

bool sender_start(void);

/* Takes the tap over, and invites its server at once. From now on only the steward may free it. */
void sender_add(struct tap *tap);

/* Ends once every tap has ended and is closed, or after so long. True where none is left. */
bool sender_stop(uint32_t most_ms);

#endif
