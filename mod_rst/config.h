/*
 * rst.conf.xml, as it was when it was read last.
 */
#ifndef RST_CONFIG_H
#define RST_CONFIG_H

#include "settings.h"

/* What can't be read or understood is said in the log, and leaves what was there before. */
void config_load(void);

/* A copy of all of it, at one moment. */
struct settings config_get(void);

#endif
