/*
 * All taps there are, for those who ask from outside. Its lock is held for as long as a list is walked, and
 * over nothing that waits.
 */
#ifndef RST_REGISTRY_H
#define RST_REGISTRY_H

#include "tap.h"

enum claim { CLAIMED, CLAIM_IS_RUNNING, CLAIM_IS_CLOSED };

/* No tap is claimed any more after registry_close(). */
void registry_open(void);
void registry_close(void);

/* Adds the tap, unless its channel has one already, or one to the same place where it `also` may run. */
enum claim registry_claim(struct tap *tap);

/* The steward, and whoever failed to start what he had claimed. */
void registry_remove(struct tap *tap);

/* Calls back under the lock for every tap, oldest first, until that is false. */
void registry_each(bool (*visit)(struct tap *tap, void *context), void *context);

#endif
