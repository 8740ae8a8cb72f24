/*
 * patience — how long one answer of a net child may take: a base, and what its bytes cost at the
 * slowest rate that a server is allowed. A child that trickles for ever runs out of it. Pure.
 */
#pragma once

#include <glib.h>

typedef struct {
    gint64 base_ms;   /* for the whole answer, and for one silence within it */
    gint64 waited_us; /* time spent waiting for the child; our own work does not count */
    guint64 bytes;
} Patience;

/* Milliseconds for which the next frame may be awaited; 0 when patience is over. */
int patience_left(const Patience *patience);

/* A frame of SIZE bytes came after WAITED_US. */
void patience_spend(Patience *patience, gint64 waited_us, gsize size);

/* Something is whole: what follows is timed anew. */
void patience_renew(Patience *patience);
