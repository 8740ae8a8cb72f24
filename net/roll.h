/*
 * roll — which message numbers, and which ids, an answer to UIDL has brought. Holds a bit and a
 * hash a message: the ids of five million messages themselves would not fit the net child.
 */
#pragma once

#include <glib.h>

typedef struct Roll Roll;

Roll *roll_new(guint32 exists);
void roll_free(Roll *roll);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Roll, roll_free)

/* NUMBER is from 1 to EXISTS and not yet there. */
void roll_add(Roll *roll, guint32 number, const char *id);
gboolean roll_has(const Roll *roll, guint32 number);

/* TRUE when no id came twice. Nothing can be added after that. */
gboolean roll_unique(Roll *roll);
