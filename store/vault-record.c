/* See vault-record.h. */
#include "store/vault-record.h"

#include <string.h>

#include "core/cursor.h"
#include "core/limits.h"

GBytes *arrival_pack(const Arrival *arrival)
{
    GByteArray *out = g_byte_array_new();
    guint flags = arrival->flags ? g_strv_length(arrival->flags) : 0;
    flags = MIN(flags, LIMIT_FLAGS);
    put_u8(out, RECORD_ARRIVAL);
    put_string(out, arrival->account);
    put_string(out, arrival->mailbox);
    put_u32(out, arrival->uid);
    put_string(out, arrival->uidl);
    put_u64(out, (guint64)arrival->internaldate);
    put_u16(out, (guint16)flags);
    for (guint i = 0; i < flags; i++)
        put_string(out, arrival->flags[i]);
    return g_byte_array_free_to_bytes(out);
}

static GStrv unpack_flags(Cursor *cursor)
{
    guint count = cursor_u16(cursor);
    if (count == 0 || count > LIMIT_FLAGS) {
        cursor->failed |= count > LIMIT_FLAGS;
        return NULL;
    }
    g_autoptr(GPtrArray) flags = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count && !cursor->failed; i++)
        g_ptr_array_add(flags, cursor_string(cursor, LIMIT_MAILBOX_NAME));
    if (cursor->failed)
        return NULL;
    g_ptr_array_add(flags, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&flags), FALSE);
}

void arrival_clear(Arrival *arrival)
{
    g_free((char *)arrival->account);
    g_free((char *)arrival->mailbox);
    g_free((char *)arrival->uidl);
    g_strfreev(arrival->flags);
    memset(arrival, 0, sizeof *arrival);
}

gboolean arrival_unpack(const guint8 *bytes, gsize size, Arrival *arrival)
{
    Cursor cursor = cursor_over(bytes, size);
    memset(arrival, 0, sizeof *arrival);
    guint8 kind = cursor_u8(&cursor);
    arrival->account = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    arrival->mailbox = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    arrival->uid = cursor_u32(&cursor);
    char *uidl = cursor_string(&cursor, LIMIT_UIDL);
    arrival->uidl = uidl;
    arrival->internaldate = (gint64)cursor_u64(&cursor);
    arrival->flags = unpack_flags(&cursor);
    gboolean has_uidl = uidl && uidl[0] != '\0';
    if (kind == RECORD_ARRIVAL && cursor_whole(&cursor) && has_uidl != (arrival->uid != 0)) {
        if (!has_uidl) {
            g_free(uidl);
            arrival->uidl = NULL;
        }
        return TRUE;
    }
    arrival_clear(arrival);
    return FALSE;
}
