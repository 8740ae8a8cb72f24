/* See vault-record.h. */
#include "store/vault-record.h"

#include <string.h>

#include "core/base32.h"
#include "core/cursor.h"
#include "core/limits.h"

static void put_flags(GByteArray *out, GStrv flags)
{
    guint count = flags ? MIN(g_strv_length(flags), LIMIT_FLAGS) : 0;
    put_u16(out, (guint16)count);
    for (guint i = 0; i < count; i++)
        put_string(out, flags[i]);
}

GBytes *journal_pack(JournalKind kind, const Arrival *arrival)
{
    GByteArray *out = g_byte_array_new();
    put_u8(out, (guint8)kind);
    put_string(out, arrival->account);
    put_string(out, arrival->mailbox);
    put_u32(out, arrival->uid);
    if (kind == JOURNAL_ARRIVAL)
        put_string(out, arrival->uidl);
    if (kind == JOURNAL_ARRIVAL || kind == JOURNAL_IMPORT)
        put_u64(out, (guint64)arrival->internaldate);
    if (kind != JOURNAL_GONE)
        put_flags(out, arrival->flags);
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

Arrival arrival_copy(const Arrival *arrival)
{
    Arrival copy = *arrival;
    copy.account = g_strdup(arrival->account);
    copy.mailbox = g_strdup(arrival->mailbox);
    copy.uidl = g_strdup(arrival->uidl);
    copy.flags = g_strdupv(arrival->flags);
    return copy;
}

/* Each "+" or "-" and a name. */
static gboolean are_changes(GStrv changes)
{
    for (; *changes; changes++)
        if ((**changes != '+' && **changes != '-') || (*changes)[1] == '\0' ||
            !g_utf8_validate(*changes, -1, NULL))
            return FALSE;
    return TRUE;
}

/* Its place: a UID or, of an arrival alone, a UIDL. */
static gboolean is_placed(JournalKind kind, Arrival *arrival)
{
    if (kind == JOURNAL_ONLY)
        return arrival->uid == 0 && *arrival->mailbox == '\0';
    if (kind == JOURNAL_IMPORT)
        return arrival->uid == 0 && *arrival->mailbox != '\0';
    if (kind == JOURNAL_TAGS)
        return arrival->uid == 0 && *arrival->mailbox == '\0' && *arrival->account == '\0' &&
               arrival->flags && are_changes(arrival->flags);
    if (arrival->uidl && *arrival->uidl)
        return kind == JOURNAL_ARRIVAL && arrival->uid == 0;
    g_free((char *)arrival->uidl);
    arrival->uidl = NULL;
    return arrival->uid != 0;
}

gboolean journal_unpack(const guint8 *bytes, gsize size, JournalKind *kind, Arrival *arrival)
{
    Cursor cursor = cursor_over(bytes, size);
    memset(arrival, 0, sizeof *arrival);
    guint8 number = cursor_u8(&cursor);
    *kind = (JournalKind)number;
    if (number < JOURNAL_ARRIVAL || number > JOURNAL_IMPORT)
        return FALSE;
    arrival->account = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    arrival->mailbox = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    arrival->uid = cursor_u32(&cursor);
    if (*kind == JOURNAL_ARRIVAL)
        arrival->uidl = cursor_string(&cursor, LIMIT_UIDL);
    if (*kind == JOURNAL_ARRIVAL || *kind == JOURNAL_IMPORT)
        arrival->internaldate = (gint64)cursor_u64(&cursor);
    if (*kind != JOURNAL_GONE)
        arrival->flags = unpack_flags(&cursor);
    if (cursor_whole(&cursor) && is_placed(*kind, arrival))
        return TRUE;
    arrival_clear(arrival);
    return FALSE;
}

static char *context(const char *what, const guint8 id[static MESSAGE_ID_SIZE])
{
    g_autofree char *text = base32_encode(id, MESSAGE_ID_SIZE);
    return g_strconcat(what, " ", text, NULL);
}

GBytes *message_record_seal(const BatchKey *key, const char *what,
                            const guint8 id[static MESSAGE_ID_SIZE], GBytes *plain)
{
    gsize size;
    const void *data = g_bytes_get_data(plain, &size);
    g_autofree char *named = context(what, id);
    return record_seal(key, named, data, size);
}

GBytes *message_record_open(const BatchKey *key, const char *what,
                            const guint8 id[static MESSAGE_ID_SIZE], const guint8 *sealed,
                            gsize size, GError **error)
{
    g_autofree char *named = context(what, id);
    return record_open(key, named, sealed, size, error);
}
