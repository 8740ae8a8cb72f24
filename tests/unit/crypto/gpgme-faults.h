/* gpgme-faults — GPGME, and what it stands on, fail at one call, by the linker's --wrap
 * (GPGME_FAULTS in local.mk). */
#pragma once

#include <glib.h>

typedef struct {
    guint calls, target; /* the call that fails, from 1; 0: none */
    guint shape;         /* in which way (0 to 2), where there are several */
    gboolean several;    /* there are */
    gboolean harmless;   /* it failed in a way that takes nothing away */
    gboolean no_memory;  /* for data */
} GpgmeFault;
extern GpgmeFault fault;
