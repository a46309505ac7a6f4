/*
 * Puts a tap on a channel, and takes it off again.
 */
#ifndef RST_ATTACH_H
#define RST_ATTACH_H

#include "tap.h"

/* The session is locked by the caller. False, and a sentence, where it is not tapped. */
bool attach_start(switch_core_session_t *session, const struct settings *settings, char *said, size_t said_size);

/* Takes off all taps of the session, or those to one target. How many. */
int attach_stop(switch_core_session_t *session, const char *target);

/* Takes one tap off its channel, wherever that is by now. */
void attach_remove(struct tap *tap);

/* Takes off every tap; false where some are still on after so long. */
bool attach_remove_all(uint32_t most_ms);

#endif
