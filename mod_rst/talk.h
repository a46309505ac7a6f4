/*
 * What a tap and its server say to each other. Sender's thread only.
 */
#ifndef RST_TALK_H
#define RST_TALK_H

#include "tap.h"

/* Does what is due: sends INV, audio and BYE. */
void talk_step(struct tap *tap, uint64_t now_us);

/* Reads what has come to a socket of the tap. */
void talk_receive(struct leg *leg, uint64_t now_us);

#endif
