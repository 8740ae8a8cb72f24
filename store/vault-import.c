/* See vault-import.h. */
#include "store/vault-import.h"

#include <string.h>

#include "core/base32.h"
#include "core/error.h"
#include "store/vault-commit.h"
#include "store/vault-record.h"
#include "store/vault-writer.h"

#define HEX_SIZE (2 * LOOK_HEADER + 1)

/* --- looks as the vault has them ------------------------------------------------------------- */

static void size_mac(VaultWriter *writer, const char *account, guint64 size,
                     guint8 mac[static LOOK_SIZE_MAC])
{
    char text[24];
    guint8 whole[MAC_SIZE];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, size);
    name_mac(writer->names, "look size", account, text, whole);
    memcpy(mac, whole, LOOK_SIZE_MAC);
}

static void look_mac(VaultWriter *writer, const char *account, const Look *look,
                     guint8 mac[static MAC_SIZE])
{
    char text[HEX_SIZE + 24];
    int at = g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT ":", look->size);
    for (guint i = 0; i < LOOK_HEADER; i++)
        at += g_snprintf(text + at, 3, "%02x", look->header[i]);
    name_mac(writer->names, "look", account, text, mac);
}

/* In place of a size: that of no message. */
static void sent_size_mac(VaultWriter *writer, const char *account,
                          guint8 mac[static LOOK_SIZE_MAC])
{
    guint8 whole[MAC_SIZE];
    name_mac(writer->names, "look size", account, "sent", whole);
    memcpy(mac, whole, LOOK_SIZE_MAC);
}

void import_prepare(VaultWriter *writer, const Arrival *arrival, BatchArrival *made)
{
    const struct Imported *imported = arrival->imported;
    BatchImport *import = made->import = g_new0(BatchImport, 1);
    const PlaceName *place = writer_place(writer, arrival->account, arrival->mailbox);
    import->as_is = imported->as_is;
    import->n = MIN(imported->n, IMPORTED_LOOKS);
    for (guint i = 0; i < import->n; i++) {
        size_mac(writer, arrival->account, imported->looks[i].size, import->looks[i].size);
        look_mac(writer, arrival->account, &imported->looks[i], import->looks[i].look);
    }
    if (imported->message_id) {
        sent_size_mac(writer, arrival->account, import->looks[import->n].size);
        name_mac(writer->names, "sent", arrival->account, imported->message_id,
                 import->looks[import->n++].look);
    }
    flags_mac(writer->names, place->mailbox_mac, 0, arrival->flags, made->flags_mac);
}

/* --- within a batch's transaction ------------------------------------------------------------ */

gboolean import_is_new(const Batch *batch, const BatchArrival *arrival, gint64 account,
                       gboolean *fresh, GError **error)
{
    gboolean row;
    sqlite3_stmt *find = vault_sql(batch->vault, SQL_IMPORTED, error);
    if (find == NULL)
        return FALSE;
    sql_int(find, 1, arrival->message->row);
    sql_int(find, 2, account);
    sql_blob(find, 3, arrival->mailbox_mac, MAC_SIZE);
    if (!sql_row(batch->vault, find, &row, error))
        return FALSE;
    const guint8 *flags = row ? sql_column(find, 0, FLAGS_MAC_SIZE) : NULL;
    *fresh = flags == NULL || memcmp(flags, arrival->flags_mac, FLAGS_MAC_SIZE) != 0;
    sqlite3_reset(find);
    return TRUE;
}

static gboolean store_looks(Vault *vault, const BatchArrival *arrival, gint64 account,
                            GError **error)
{
    sqlite3_stmt *add = vault_sql(vault, SQL_ADD_LOOK, error);
    if (add == NULL)
        return FALSE;
    for (guint i = 0; i < arrival->import->n; i++) {
        sql_int(add, 1, account);
        sql_blob(add, 2, arrival->import->looks[i].look, MAC_SIZE);
        sql_blob(add, 3, arrival->import->looks[i].size, LOOK_SIZE_MAC);
        sql_int(add, 4, arrival->message->row);
        if (!sql_done(vault, add, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean lies_there(Vault *vault, gint64 message, gint64 account, gboolean *placed,
                           GError **error)
{
    sqlite3_stmt *find = vault_sql(vault, SQL_PLACES, error);
    if (find == NULL)
        return FALSE;
    sql_int(find, 1, message);
    sql_int(find, 2, account);
    if (!sql_row(vault, find, placed, error))
        return FALSE;
    sqlite3_reset(find);
    return TRUE;
}

/* What its server has is the server's. */
gboolean import_store(const Batch *batch, const BatchArrival *arrival, gint64 account,
                      gboolean *added, GError **error)
{
    gboolean placed;
    Vault *vault = batch->vault;
    gint64 row = arrival->message->row;
    sqlite3_stmt *set = vault_sql(vault, SQL_SET_IMPORTED, error);
    *added = FALSE;
    if (set == NULL)
        return FALSE;
    sql_int(set, 1, row);
    sql_int(set, 2, account);
    sql_blob(set, 3, arrival->mailbox_mac, MAC_SIZE);
    sql_blob(set, 4, arrival->flags_mac, FLAGS_MAC_SIZE);
    sql_int(set, 5, arrival->import->as_is != FALSE);
    return sql_done(vault, set, error) && store_looks(vault, arrival, account, error) &&
           lies_there(vault, row, account, &placed, error) &&
           (placed || vault_keep(vault, row, account, added, error));
}

/* --- what is awaited ------------------------------------------------------------------------- */

/* The account's mark, then MORE of SIZE bytes. */
static sqlite3_stmt *ask(VaultWriter *writer, VaultSql which, const char *account,
                         const guint8 *more, gsize size, gboolean *row, GError **error)
{
    Vault *vault = writer->vault;
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL)
        return NULL;
    sql_blob(statement, 1, writer_place(writer, account, "")->account_mac, MAC_SIZE);
    if (more)
        sql_blob(statement, 2, more, size);
    return sql_row(vault, statement, row, error) ? statement : NULL;
}

gboolean vault_awaits(VaultWriter *writer, const char *account, gboolean *any, GError **error)
{
    sqlite3_stmt *statement = ask(writer, SQL_ANY_LOOK, account, NULL, 0, any, error);
    if (statement)
        sqlite3_reset(statement);
    return statement != NULL;
}

gboolean vault_awaits_size(VaultWriter *writer, const char *account, guint64 size, gboolean *any,
                           GError **error)
{
    guint8 mac[LOOK_SIZE_MAC];
    size_mac(writer, account, size, mac);
    sqlite3_stmt *statement = ask(writer, SQL_LOOK_SIZE, account, mac, sizeof mac, any, error);
    if (statement)
        sqlite3_reset(statement);
    return statement != NULL;
}

gboolean vault_awaits_sent(VaultWriter *writer, const char *account, gboolean *any, GError **error)
{
    guint8 mac[LOOK_SIZE_MAC];
    sent_size_mac(writer, account, mac);
    sqlite3_stmt *statement = ask(writer, SQL_LOOK_SIZE, account, mac, sizeof mac, any, error);
    if (statement)
        sqlite3_reset(statement);
    return statement != NULL;
}

/* The row of the one message that looks so by MAC. */
static gboolean find_look(VaultWriter *writer, const char *account, const char *mailbox,
                          const guint8 mac[static MAC_SIZE], gint64 *row, GError **error)
{
    gboolean found, another = FALSE;
    Vault *vault = writer->vault;
    sqlite3_stmt *statement = vault_sql(vault, SQL_LOOK, error);
    *row = 0;
    if (statement == NULL)
        return FALSE;
    const PlaceName *place = writer_place(writer, account, mailbox);
    sql_blob(statement, 1, place->account_mac, MAC_SIZE);
    sql_blob(statement, 2, mac, MAC_SIZE);
    sql_blob(statement, 3, place->mailbox_mac, MAC_SIZE);
    if (!sql_row(vault, statement, &found, error))
        return FALSE;
    gboolean there = found && sqlite3_column_int(statement, 1) != 0;
    gint64 first = found ? sqlite3_column_int64(statement, 0) : 0;
    if (found && !sql_row(vault, statement, &another, error))
        return FALSE;
    sqlite3_reset(statement);
    *row = there || another ? 0 : first;
    return TRUE;
}

gboolean vault_awaited(VaultWriter *writer, const char *account, const char *mailbox,
                       const Look *look, gint64 *row, GError **error)
{
    guint8 mac[MAC_SIZE];
    look_mac(writer, account, look, mac);
    return find_look(writer, account, mailbox, mac, row, error);
}

gboolean vault_sent_row(VaultWriter *writer, const char *account, const char *mailbox,
                        const char *message_id, gint64 *row, GError **error)
{
    guint8 mac[MAC_SIZE];
    name_mac(writer->names, "sent", account, message_id, mac);
    return find_look(writer, account, mailbox, mac, row, error);
}

static BatchMessage *known_message(Vault *vault, gint64 row, GError **error)
{
    gboolean found;
    sqlite3_stmt *statement = vault_sql(vault, SQL_STORED_ROW, error);
    if (statement == NULL)
        return NULL;
    sql_int(statement, 1, row);
    if (!sql_row(vault, statement, &found, error))
        return NULL;
    const guint8 *id = found ? sql_column(statement, 0, MESSAGE_ID_SIZE) : NULL;
    BatchMessage *message = id ? g_new0(BatchMessage, 1) : NULL;
    if (message) {
        memcpy(message->id, id, MESSAGE_ID_SIZE);
        message->row = row;
        message->singly = sqlite3_column_int(statement, 1) != 0;
        message->known = TRUE;
    }
    sqlite3_reset(statement);
    if (message == NULL)
        refuse(error, POSTERN_ERROR_TEMPORARY, "vault.changed", "run sync again",
               "a message was removed for another account while it arrived anew");
    return message;
}

gboolean vault_arrive(VaultWriter *writer, gint64 row, const Arrival *arrival, GError **error)
{
    if (!writer_sound(writer, error) || !batch_begin(writer->batch, error))
        return FALSE;
    BatchMessage *message = known_message(writer->vault, row, error);
    if (message == NULL)
        return FALSE;
    g_ptr_array_set_size(writer->committed, 0);
    g_autoptr(GBytes) journal = journal_pack(JOURNAL_ARRIVAL, arrival);
    BatchArrival *made = batch_arrival_new(writer, arrival);
    made->message = message;
    made->record = message_record_seal(writer->batch->key, RECORD_JOURNAL, message->id, journal);
    batch_add(writer->batch, message);
    batch_arrive(writer->batch, made);
    return TRUE;
}

gboolean vault_as_is(Vault *vault, const char *id, gboolean *as_is, GError **error)
{
    gboolean row;
    guint8 bytes[MESSAGE_ID_SIZE];
    *as_is = FALSE;
    if (!base32_decode(id, bytes, sizeof bytes))
        return TRUE;
    sqlite3_stmt *statement = sql_look_up(vault, SQL_AS_IS, bytes, sizeof bytes, &row, error);
    if (statement == NULL)
        return FALSE;
    *as_is = row && sqlite3_column_int(statement, 0) != 0;
    sqlite3_reset(statement);
    return TRUE;
}
