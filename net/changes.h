/*
 * changes — where the news of a mailbox goes: flags that are different now, and messages that are
 * no longer there. Returning FALSE stops it with that error.
 */
#pragma once

#include <glib.h>

typedef struct {
    /* All flags that the message has, as in Fetched; valid during the callback. */
    gboolean (*flags)(gpointer user, guint32 uid, GStrv flags, GError **error);
    gboolean (*gone)(gpointer user, guint32 first, guint32 last, GError **error);
    gpointer user;
} ChangeTaker;
