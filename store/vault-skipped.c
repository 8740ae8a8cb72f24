/* See vault-skipped.h. */
#include "store/vault-skipped.h"

#include <string.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "store/vault-commit.h"
#include "store/vault-writer.h"

/* --- what is known ------------------------------------------------------------------------- */

GArray *vault_skipped_uids(VaultWriter *writer, const char *account, const char *mailbox,
                           GError **error)
{
    gboolean row, fine = TRUE;
    const guint8 *mac = writer_place(writer, account, mailbox)->mailbox_mac;
    sqlite3_stmt *statement =
        sql_look_up(writer->vault, SQL_SKIPPED_UIDS, mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return NULL;
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(SkippedUid));
    for (; fine && row; fine = sql_row(writer->vault, statement, &row, error)) {
        const SkippedUid one = {(guint32)sqlite3_column_int64(statement, 0),
                                (guint64)sqlite3_column_int64(statement, 1)};
        g_array_append_val(uids, one);
    }
    sqlite3_reset(statement);
    return fine ? g_steal_pointer(&uids) : NULL;
}

gboolean vault_skipped_uidl(VaultWriter *writer, const char *account, const char *uidl,
                            gboolean *skipped, guint64 *size, GError **error)
{
    guint8 mac[MAC_SIZE];
    const PlaceName *place = writer_place(writer, account, "");
    sqlite3_stmt *statement = vault_sql(writer->vault, SQL_SKIPPED_UIDL, error);
    if (statement == NULL)
        return FALSE;
    name_mac(writer->names, "uidl", account, uidl, mac);
    sql_blob(statement, 1, place->account_mac, MAC_SIZE);
    sql_blob(statement, 2, mac, MAC_SIZE);
    if (!sql_row(writer->vault, statement, skipped, error))
        return FALSE;
    *size = *skipped ? (guint64)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return TRUE;
}

/* --- with the running batch ---------------------------------------------------------------- */

static GBytes *pack(const Skipped *skipped)
{
    GByteArray *out = g_byte_array_new();
    put_string(out, skipped->account);
    put_string(out, skipped->mailbox);
    put_u32(out, skipped->uid);
    put_string(out, skipped->uidl);
    put_u64(out, (guint64)skipped->internaldate);
    return g_byte_array_free_to_bytes(out);
}

/* The batch's ephemeral key before it: a batch that stores no message leaves no row. */
static GBytes *seal(const Batch *batch, const Skipped *skipped)
{
    gsize size;
    g_autoptr(GBytes) plain = pack(skipped);
    const void *data = g_bytes_get_data(plain, &size);
    g_autoptr(GBytes) sealed = record_seal(batch->key, "skipped", data, size);
    data = g_bytes_get_data(sealed, &size);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, batch->ephemeral, KEY_SIZE);
    g_byte_array_append(out, data, (guint)size);
    return g_byte_array_free_to_bytes(out);
}

static gboolean note(VaultWriter *writer, const Skipped *skipped, gboolean stays, GError **error)
{
    Batch *batch = writer->batch;
    if (!writer_sound(writer, error) || !batch_begin(batch, error))
        return FALSE;
    BatchSkip *made = g_new0(BatchSkip, 1);
    const PlaceName *place = writer_place(writer, skipped->account, skipped->mailbox);
    memcpy(made->account_mac, place->account_mac, MAC_SIZE);
    memcpy(made->mailbox_mac, place->mailbox_mac, MAC_SIZE);
    made->uid = skipped->uid;
    if (skipped->uidl)
        name_mac(writer->names, "uidl", skipped->account, skipped->uidl, made->uidl_mac);
    made->size = skipped->size;
    made->since = g_get_real_time() / G_USEC_PER_SEC;
    made->record = stays ? seal(batch, skipped) : NULL;
    g_ptr_array_add(batch->skips, made);
    return TRUE;
}

gboolean vault_skip(VaultWriter *writer, const Skipped *skipped, GError **error)
{
    return note(writer, skipped, TRUE, error);
}

gboolean vault_unskip(VaultWriter *writer, const Skipped *skipped, GError **error)
{
    return note(writer, skipped, FALSE, error);
}

static void bind_place(sqlite3_stmt *statement, gint64 account, gint64 mailbox,
                       const BatchSkip *skip)
{
    sql_int(statement, 1, account);
    sql_int(statement, 2, mailbox);
    sql_int(statement, 3, skip->uid);
    sql_blob(statement, 4, skip->uid ? (const guint8 *)"" : skip->uidl_mac,
             skip->uid ? 0 : MAC_SIZE);
}

static gboolean store_skip(const Batch *batch, const BatchSkip *skip, GError **error)
{
    gsize size;
    gint64 account;
    MailboxRow mailbox = {.id = 0};
    Vault *vault = batch->vault;
    sqlite3_stmt *statement = vault_sql(vault, skip->record ? SQL_SKIP : SQL_UNSKIP, error);
    if (statement == NULL || !vault_account_row(vault, skip->account_mac, &account, error) ||
        (skip->uid && !vault_mailbox_row(vault, skip->mailbox_mac, &mailbox, error)))
        return FALSE;
    if (skip->uid && mailbox.id == 0) /* nor is anything known there that would hide it */
        return TRUE;
    bind_place(statement, account, mailbox.id, skip);
    if (skip->record) {
        const void *record = g_bytes_get_data(skip->record, &size);
        sql_int(statement, 5, (gint64)skip->size);
        sql_int(statement, 6, skip->since);
        sql_blob(statement, 7, record, size);
    }
    return sql_done(vault, statement, error);
}

gboolean batch_store_skips(const Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->skips->len; i++)
        if (!store_skip(batch, batch->skips->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* --- what is gone -------------------------------------------------------------------------- */

typedef struct {
    gint64 account, mailbox;
    BatchSkip skip; /* its place */
} Gone;

/* Of ACCOUNT's, what has none of MACS: column N of the row, the mailbox's name or the UIDL. */
static GArray *foreign(Vault *vault, const guint8 account_mac[static MAC_SIZE], GHashTable *macs,
                       int n, GError **error)
{
    gboolean row, fine = TRUE;
    sqlite3_stmt *statement =
        sql_look_up(vault, SQL_SKIPPED_PLACES, account_mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return NULL;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(Gone));
    for (; fine && row; fine = sql_row(vault, statement, &row, error)) {
        g_autoptr(GBytes) mac = g_bytes_new(sqlite3_column_blob(statement, n),
                                            (gsize)sqlite3_column_bytes(statement, n));
        if (g_hash_table_contains(macs, mac))
            continue;
        Gone one = {.account = sqlite3_column_int64(statement, 0),
                    .mailbox = sqlite3_column_int64(statement, 1)};
        const guint8 *uidl = sql_column(statement, 3, MAC_SIZE);
        one.skip.uid = (guint32)sqlite3_column_int64(statement, 2);
        if (uidl)
            memcpy(one.skip.uidl_mac, uidl, MAC_SIZE);
        g_array_append_val(gone, one);
    }
    sqlite3_reset(statement);
    return fine ? g_steal_pointer(&gone) : NULL;
}

static gboolean drop(Vault *vault, const GArray *gone, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_UNSKIP, error);
    if (statement == NULL)
        return FALSE;
    for (guint i = 0; i < gone->len; i++) {
        const Gone *one = &g_array_index(gone, Gone, i);
        bind_place(statement, one->account, one->mailbox, &one->skip);
        if (!sql_done(vault, statement, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean forget(VaultWriter *writer, const char *account, const char *kind,
                       const GPtrArray *names, int column, GError **error)
{
    Vault *vault = writer->vault;
    guint8 account_mac[MAC_SIZE], mac[MAC_SIZE];
    if (!writer_sound(writer, error))
        return FALSE;
    g_autoptr(GHashTable) macs =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (guint i = 0; i < names->len; i++) {
        name_mac(writer->names, kind, account, names->pdata[i], mac);
        g_hash_table_add(macs, g_bytes_new(mac, MAC_SIZE));
    }
    name_mac(writer->names, "account", account, "", account_mac);
    g_autoptr(GArray) gone = foreign(vault, account_mac, macs, column, error);
    if (gone == NULL)
        return FALSE;
    if (gone->len == 0)
        return TRUE;
    return sql_begin(vault, SQL_LAZY, error) && sql_end(vault, drop(vault, gone, error), error);
}

gboolean vault_skipped_mailboxes(VaultWriter *writer, const char *account,
                                 const GPtrArray *mailboxes, GError **error)
{
    return forget(writer, account, "mailbox", mailboxes, 4, error);
}

gboolean vault_skipped_uidls(VaultWriter *writer, const char *account, const GPtrArray *uidls,
                             GError **error)
{
    return forget(writer, account, "uidl", uidls, 3, error);
}

/* --- reading ------------------------------------------------------------------------------- */

/* Opened with suspicion: whoever has the vault's public key can make one. */
static gboolean open_record(Vault *vault, const Secret *vault_private, const guint8 *record,
                            gsize size, Skipped *skipped, GError **error)
{
    if (size < KEY_SIZE)
        return vault_damaged(vault, "a message that was left out has no name", error);
    g_autoptr(BatchKey) key = batch_key_open(vault->id, vault_private, record, error);
    g_autoptr(GBytes) plain =
        key ? record_open(key, "skipped", record + KEY_SIZE, size - KEY_SIZE, error) : NULL;
    if (plain == NULL)
        return FALSE;
    Cursor cursor = cursor_over(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain));
    g_autofree char *account = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    skipped->mailbox = cursor_string(&cursor, LIMIT_MAILBOX_NAME);
    guint32 uid = cursor_u32(&cursor);
    skipped->uidl = cursor_string(&cursor, LIMIT_UIDL);
    skipped->internaldate = (gint64)cursor_u64(&cursor);
    return (cursor_whole(&cursor) && uid == skipped->uid &&
            g_strcmp0(account, skipped->account) == 0) ||
           vault_damaged(vault, "a message that was left out has the name of another", error);
}

static gboolean give(Vault *vault, const Secret *vault_private, sqlite3_stmt *statement,
                     const char *account, SkippedReader reader, gpointer user, GError **error)
{
    Skipped skipped = {.account = account,
                       .uid = (guint32)sqlite3_column_int64(statement, 0),
                       .size = (guint64)sqlite3_column_int64(statement, 1),
                       .since = sqlite3_column_int64(statement, 2)};
    gboolean fine = vault_private == NULL ||
                    open_record(vault, vault_private, sqlite3_column_blob(statement, 3),
                                (gsize)sqlite3_column_bytes(statement, 3), &skipped, error);
    fine = fine && reader(user, &skipped, error);
    g_free((char *)skipped.mailbox);
    g_free((char *)skipped.uidl);
    return fine;
}

gboolean vault_skipped(Vault *vault, const Secret *match_key, const Secret *vault_private,
                       const char *account, SkippedReader reader, gpointer user, GError **error)
{
    gboolean row, fine = TRUE;
    guint8 mac[MAC_SIZE];
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "account", account, "", mac);
    sqlite3_stmt *statement = sql_look_up(vault, SQL_SKIPPED, mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    while (fine && row)
        fine = give(vault, vault_private, statement, account, reader, user, error) &&
               sql_row(vault, statement, &row, error);
    sqlite3_reset(statement);
    return fine;
}
