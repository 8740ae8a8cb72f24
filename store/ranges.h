/*
 * ranges — UID sets: pure arithmetic on arrays of UidRange (ascending, disjoint, merged).
 * UIDs are 1 to 4294967295; 0 is none and never enters a set.
 */
#pragma once

#include "store/vault.h"

GArray *ranges_new(void);
/* Nothing happens when FIRST is beyond LAST. */
void ranges_add(GArray *set, guint32 first, guint32 last);
void ranges_remove(GArray *set, guint32 uid);
gboolean ranges_contain(const GArray *set, guint32 uid);
/* What of [first, last] is not in SET. */
GArray *ranges_missing(const GArray *set, guint32 first, guint32 last);
/* Big-endian pairs and back; NULL for bytes that are not a well-formed set. */
GBytes *ranges_pack(const GArray *set);
GArray *ranges_unpack(const guint8 *bytes, gsize size);
