/* See vault-pending.h. */
#include "store/vault-pending.h"

#include <string.h>

#include "core/base32.h"
#include "core/error.h"
#include "crypto/unlock.h"
#include "store/vault-commit.h"
#include "store/vault-read.h"
#include "store/vault-writer.h"

struct Waiting {
    gint64 row;
    char *id;
    guint32 chunks; /* and what follows: of one whose key is here */
    guint8 raw_id[MESSAGE_ID_SIZE], key[KEY_SIZE], identity[MAC_SIZE];
};

void waiting_free(Waiting *waiting)
{
    if (waiting == NULL)
        return;
    g_free(waiting->id);
    secret_wipe(waiting, sizeof *waiting);
    g_free(waiting);
}

const char *waiting_id(const Waiting *waiting)
{
    return waiting->id;
}

static Waiting *waiting_new(gint64 row, const guint8 id[static MESSAGE_ID_SIZE])
{
    Waiting *waiting = g_new0(Waiting, 1);
    waiting->row = row;
    waiting->id = base32_encode(id, MESSAGE_ID_SIZE);
    return waiting;
}

/* --- within the batch's transaction -------------------------------------------------------- */

static gboolean has(Vault *vault, gint64 message, gint64 account, gboolean *found, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_HAS, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, message);
    sql_int(statement, 2, account);
    if (!sql_row(vault, statement, found, error))
        return FALSE;
    sqlite3_reset(statement);
    return TRUE;
}

gboolean batch_store_pending(const Batch *batch, const BatchArrival *arrival, gint64 account,
                             GError **error)
{
    gboolean here = FALSE;
    BatchMessage *message = arrival->message;
    if (!arrival->hand_on || (message->singly && !arrival->hand_on_singly))
        return TRUE;
    if (message->known && !has(batch->vault, message->row, account, &here, error))
        return FALSE;
    sqlite3_stmt *statement = here ? NULL : vault_sql(batch->vault, SQL_ADD_PENDING, error);
    if (statement == NULL)
        return here;
    sql_int(statement, 1, message->row);
    sql_int(statement, 2, account);
    sql_int(statement, 3, g_get_real_time());
    message->waits = TRUE;
    return sql_done(batch->vault, statement, error);
}

/* --- what was just committed --------------------------------------------------------------- */

void vault_pending_take(const VaultWriter *writer, GPtrArray *list)
{
    for (guint i = 0; i < writer->committed->len; i++) {
        const BatchMessage *message = g_ptr_array_index(writer->committed, i);
        if (!message->waits || message->known)
            continue;
        Waiting *waiting = waiting_new(message->row, message->id);
        waiting->chunks = message->chunks;
        memcpy(waiting->raw_id, message->id, MESSAGE_ID_SIZE);
        memcpy(waiting->key, message->key, KEY_SIZE);
        memcpy(waiting->identity, message->identity, MAC_SIZE);
        g_ptr_array_add(list, waiting);
    }
}

typedef struct {
    Source source;
    Source *plain;
    VaultWriter *writer;
    guint8 identity[MAC_SIZE];
} Proven;

static gssize proven_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    Proven *self = (Proven *)source;
    guint8 identity[MAC_SIZE];
    gssize got = source_read(self->plain, buffer, size, error);
    if (got > 0)
        mac_update(self->writer->identity, buffer, (gsize)got);
    if (got != 0)
        return got;
    mac_finish(self->writer->identity, identity);
    if (memcmp(identity, self->identity, MAC_SIZE) == 0)
        return 0;
    (void)!vault_damaged(self->writer->vault, "a message reads back differently", error);
    return -1;
}

static void proven_free(Source *source)
{
    source_free(((Proven *)source)->plain);
    g_free(source);
}

Source *vault_pending_open(VaultWriter *writer, const Waiting *waiting, GError **error)
{
    Vault *vault = writer_fresh(writer, error);
    if (vault == NULL)
        return NULL;
    Proven *self = g_new0(Proven, 1);
    self->source = (Source){.read = proven_read, .free = proven_free};
    self->plain = vault_chunks(vault, waiting->row, waiting->raw_id, waiting->key, waiting->chunks);
    self->writer = writer;
    memcpy(self->identity, waiting->identity, MAC_SIZE);
    mac_reset(writer->identity);
    return &self->source;
}

Secret *vault_pending_key(const VaultWriter *writer)
{
    return unlock_cached(writer->vault->id);
}

Source *vault_pending_unlock(VaultWriter *writer, const Waiting *waiting,
                             const Secret *vault_private, GError **error)
{
    Vault *vault = writer_fresh(writer, error);
    return vault ? vault_message(vault, vault_private, waiting->id, error) : NULL;
}

/* --- what is asked for --------------------------------------------------------------------- */

/* ?2 and ?3 of DUE. */
static void bind_due(sqlite3_stmt *statement, gint64 began)
{
    sql_int(statement, 2, began);
    sql_int(statement, 3, g_get_real_time());
}

gboolean vault_pending_list(VaultWriter *writer, const char *account, gint64 began, GPtrArray *list,
                            GError **error)
{
    gboolean row, fine;
    Vault *vault = writer->vault;
    sqlite3_stmt *statement = vault_sql(vault, SQL_PENDING, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, writer_place(writer, account, "")->account_mac, MAC_SIZE);
    bind_due(statement, began);
    while ((fine = sql_row(vault, statement, &row, error)) && row) {
        const guint8 *id = sql_column(statement, 1, MESSAGE_ID_SIZE);
        if (!(fine = id || vault_damaged(vault, "a message has no id", error)))
            break;
        g_ptr_array_add(list, waiting_new(sqlite3_column_int64(statement, 0), id));
    }
    sqlite3_reset(statement);
    return fine;
}

GArray *vault_pending_uids(VaultWriter *writer, const char *account, const char *mailbox,
                           gint64 began, GError **error)
{
    gboolean row, fine;
    sqlite3_stmt *statement = vault_sql(writer->vault, SQL_PENDING_UIDS, error);
    if (statement == NULL)
        return NULL;
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    sql_blob(statement, 1, writer_place(writer, account, mailbox)->mailbox_mac, MAC_SIZE);
    bind_due(statement, began);
    while ((fine = sql_row(writer->vault, statement, &row, error)) && row) {
        const guint32 uid = (guint32)sqlite3_column_int64(statement, 0);
        g_array_append_val(uids, uid);
    }
    sqlite3_reset(statement);
    return fine ? g_steal_pointer(&uids) : NULL;
}

gboolean vault_pending_uidl(VaultWriter *writer, const char *account, const char *uidl,
                            gint64 began, gboolean *waits, gboolean *due, GError **error)
{
    guint8 mac[MAC_SIZE];
    sqlite3_stmt *statement = vault_sql(writer->vault, SQL_PENDING_UIDL, error);
    if (statement == NULL)
        return FALSE;
    name_mac(writer->names, "uidl", account, uidl, mac);
    sql_blob(statement, 1, writer_place(writer, account, "")->account_mac, MAC_SIZE);
    bind_due(statement, began);
    sql_blob(statement, 4, mac, MAC_SIZE);
    if (!sql_row(writer->vault, statement, waits, error))
        return FALSE;
    *due = *waits && sqlite3_column_int64(statement, 0) != 0;
    sqlite3_reset(statement);
    return TRUE;
}

/* --- what is fetched again ----------------------------------------------------------------- */

void vault_pending_begin(VaultWriter *writer)
{
    mac_reset(writer->identity);
}

void vault_pending_write(VaultWriter *writer, const guint8 *data, gsize size)
{
    mac_update(writer->identity, data, size);
}

gboolean vault_pending_end(VaultWriter *writer, const char *account, Waiting **found,
                           GError **error)
{
    gboolean row;
    guint8 identity[MAC_SIZE];
    Vault *vault = writer->vault;
    *found = NULL;
    mac_finish(writer->identity, identity);
    sqlite3_stmt *statement = vault_sql(vault, SQL_PENDING_KNOWN, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, identity, MAC_SIZE);
    sql_blob(statement, 2, writer_place(writer, account, "")->account_mac, MAC_SIZE);
    if (!sql_row(vault, statement, &row, error))
        return FALSE;
    const guint8 *id = row ? sql_column(statement, 1, MESSAGE_ID_SIZE) : NULL;
    if (id)
        *found = waiting_new(sqlite3_column_int64(statement, 0), id);
    sqlite3_reset(statement);
    return !row || id || vault_damaged(vault, "a message has no id", error);
}

/* --- what became of it --------------------------------------------------------------------- */

static gboolean note(VaultWriter *writer, const char *account, const GPtrArray *list,
                     VaultSql which, gint64 now, GError **error)
{
    gint64 row;
    Vault *vault = writer->vault;
    const PlaceName *place = writer_place(writer, account, "");
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL || !vault_account_row(vault, place->account_mac, &row, error))
        return FALSE;
    for (guint i = 0; i < list->len; i++) {
        const Waiting *waiting = g_ptr_array_index(list, i);
        sql_int(statement, 1, waiting->row);
        sql_int(statement, 2, row);
        if (which == SQL_TRIED_PENDING)
            sql_int(statement, 3, now);
        if (!sql_done(vault, statement, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean note_all(VaultWriter *writer, const char *account, const GPtrArray *list,
                         VaultSql which, gboolean durable, GError **error)
{
    if (list->len == 0)
        return TRUE;
    if (!writer_sound(writer, error) ||
        !sql_begin(writer->vault, durable ? SQL_STRICT : SQL_LAZY, error))
        return FALSE;
    gboolean fine = note(writer, account, list, which, g_get_real_time(), error);
    return sql_end(writer->vault, fine, error);
}

gboolean vault_pending_done(VaultWriter *writer, const char *account, const GPtrArray *list,
                            gboolean durable, GError **error)
{
    return note_all(writer, account, list, SQL_DROP_PENDING, durable, error);
}

gboolean vault_pending_tried(VaultWriter *writer, const char *account, const GPtrArray *list,
                             GError **error)
{
    return note_all(writer, account, list, SQL_TRIED_PENDING, FALSE, error);
}

/* --- counting ------------------------------------------------------------------------------ */

static gboolean count(Vault *vault, const guint8 account_mac[static MAC_SIZE], PendingStat *stat,
                      GError **error)
{
    gboolean row;
    sqlite3_stmt *statement =
        sql_look_up(vault, SQL_COUNT_PENDING, account_mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    stat->waiting = (guint64)sqlite3_column_int64(statement, 0);
    stat->lost = (guint64)sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    return TRUE;
}

gboolean vault_pending_stat(Vault *vault, const Secret *match_key, const char *account,
                            PendingStat *stat, GError **error)
{
    guint8 mac[MAC_SIZE];
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "account", account, "", mac);
    return count(vault, mac, stat, error);
}

gboolean vault_pending_count(VaultWriter *writer, const char *account, PendingStat *stat,
                             GError **error)
{
    return count(writer->vault, writer_place(writer, account, "")->account_mac, stat, error);
}

gboolean vault_pending_forget(VaultWriter *writer, const char *account, GError **error)
{
    PendingStat stat;
    Vault *vault = writer->vault;
    if (!vault_pending_count(writer, account, &stat, error))
        return FALSE;
    if (stat.waiting == 0)
        return TRUE;
    const PlaceName *place = writer_place(writer, account, "");
    sqlite3_stmt *statement = vault_sql(vault, SQL_FORGET_PENDING, error);
    if (statement == NULL || !writer_sound(writer, error) || !sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    sql_blob(statement, 1, place->account_mac, MAC_SIZE);
    return sql_end(vault, sql_done(vault, statement, error), error);
}
