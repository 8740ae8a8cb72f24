/* See vault.h: the reader's side. */
#include "store/vault-read.h"

#include <string.h>

#include "core/base32.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "store/vault-record.h"

/* --- a message as a stream ----------------------------------------------------------------- */

typedef struct {
    Source source;
    Source *plain; /* over the chunks that read_chunk() brings */
    Vault *vault;
    gint64 row;
} MessageSource;

GBytes *vault_chunk(Vault *vault, gint64 row, guint32 n, GError **error)
{
    gboolean found;
    sqlite3_stmt *statement = vault_sql(vault, SQL_CHUNK, error);
    if (statement == NULL)
        return NULL;
    sql_int(statement, 1, row << CHUNK_BITS | n);
    if (!sql_row(vault, statement, &found, error))
        return NULL;
    GBytes *chunk = found ? g_bytes_new(sqlite3_column_blob(statement, 0),
                                        (gsize)sqlite3_column_bytes(statement, 0))
                          : NULL;
    sqlite3_reset(statement);
    if (chunk == NULL)
        vault_damaged(vault, "a piece of a message is missing", error);
    return chunk;
}

static GBytes *read_chunk(gpointer user, guint32 n, GError **error)
{
    MessageSource *self = user;
    return vault_chunk(self->vault, self->row, n, error);
}

static gssize message_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    return source_read(((MessageSource *)source)->plain, buffer, size, error);
}

static void message_free(Source *source)
{
    source_free(((MessageSource *)source)->plain);
    g_free(source);
}

Source *vault_chunks(Vault *vault, gint64 row, const guint8 id[static MESSAGE_ID_SIZE],
                     const guint8 key[static KEY_SIZE], guint32 chunks)
{
    MessageSource *self = g_new0(MessageSource, 1);
    self->source = (Source){.read = message_read, .free = message_free};
    self->vault = vault;
    self->row = row;
    self->plain = open_source(vault->id, id, key, chunks, read_chunk, self);
    return &self->source;
}

/* --- batch keys ---------------------------------------------------------------------------- */

const BatchKey *vault_batch_key(Vault *vault, const Secret *vault_private, gint64 batch,
                                GError **error)
{
    gboolean row;
    if (vault->opened_key && vault->opened_batch == batch)
        return vault->opened_key;
    g_clear_pointer(&vault->opened_key, batch_key_free);
    sqlite3_stmt *statement = vault_sql(vault, SQL_BATCH, error);
    if (statement == NULL)
        return NULL;
    sql_int(statement, 1, batch);
    if (!sql_row(vault, statement, &row, error))
        return NULL;
    const guint8 *ephemeral = row ? sql_column(statement, 0, KEY_SIZE) : NULL;
    if (ephemeral)
        vault->opened_key = batch_key_open(vault->id, vault_private, ephemeral, error);
    else
        vault_damaged(vault, "a batch is missing", error);
    vault->opened_batch = batch;
    sqlite3_reset(statement);
    return vault->opened_key;
}

/* --- one message --------------------------------------------------------------------------- */

typedef struct {
    gint64 row, batch;
    guint32 chunks;
    GBytes *wrapped;
} Found;

static gboolean find_message(Vault *vault, const guint8 id[static MESSAGE_ID_SIZE], Found *found,
                             GError **error)
{
    gboolean row;
    memset(found, 0, sizeof *found);
    sqlite3_stmt *statement = sql_look_up(vault, SQL_MESSAGE, id, MESSAGE_ID_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    if (row) {
        found->row = sqlite3_column_int64(statement, 0);
        found->batch = sqlite3_column_int64(statement, 1);
        found->chunks = (guint32)CLAMP(sqlite3_column_int64(statement, 2), 0, MAX_CHUNKS);
        found->wrapped = g_bytes_new(sqlite3_column_blob(statement, 3),
                                     (gsize)sqlite3_column_bytes(statement, 3));
    }
    sqlite3_reset(statement);
    return TRUE;
}

/* Asks for the private key, whatever the agent has in its memory. */
static gboolean unwrap_single(const guint8 *openpgp, gsize size, guint8 key[static KEY_SIZE],
                              GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(Secret) secret = pgp_unwrap_asking(openpgp, size, &failure);
    gboolean damaged = failure ? g_error_matches(failure, POSTERN_ERROR, POSTERN_ERROR_INPUT)
                               : secret_size(secret) != KEY_SIZE;
    if (failure && !damaged) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (damaged)
        return refuse(error, POSTERN_ERROR_STORE, "vault.wrap", "run 'postern verify'",
                      "the key of a message is damaged");
    memcpy(key, secret_bytes(secret), KEY_SIZE);
    return TRUE;
}

static gboolean message_key(Vault *vault, const Secret *vault_private,
                            const guint8 id[static MESSAGE_ID_SIZE], const Found *found,
                            guint8 key[static KEY_SIZE], GError **error)
{
    gsize size;
    const guint8 *wrapped = g_bytes_get_data(found->wrapped, &size);
    if (size > 0 && wrapped[0] == WRAP_OPENPGP)
        return unwrap_single(wrapped + 1, size - 1, key, error);
    const BatchKey *batch = vault_batch_key(vault, vault_private, found->batch, error);
    return batch && key_unwrap(batch, id, wrapped, size, key, error);
}

static Source *open_message(Vault *vault, const Secret *vault_private,
                            const guint8 id[static MESSAGE_ID_SIZE], const Found *found,
                            GError **error)
{
    guint8 key[KEY_SIZE];
    if (!message_key(vault, vault_private, id, found, key, error))
        return NULL;
    Source *source = vault_chunks(vault, found->row, id, key, found->chunks);
    secret_wipe(key, sizeof key);
    return source;
}

Source *vault_message(Vault *vault, const Secret *vault_private, const char *id, GError **error)
{
    guint8 bytes[MESSAGE_ID_SIZE];
    Found found = {.wrapped = NULL};
    if (base32_decode(id, bytes, sizeof bytes) && !find_message(vault, bytes, &found, error))
        return NULL;
    if (found.wrapped == NULL) {
        g_autofree char *shown = text_field(id);
        refuse(error, POSTERN_ERROR_INPUT, "message.id", "take an id that 'postern search' shows",
               "there is no message %s", shown);
        return NULL;
    }
    Source *source = open_message(vault, vault_private, bytes, &found, error);
    g_bytes_unref(found.wrapped);
    return source;
}

/* --- the journal --------------------------------------------------------------------------- */

typedef struct {
    Vault *vault;
    const Secret *vault_private;
    JournalReader reader;
    gpointer user;
    gint64 last; /* sequence handed out last */
    guint count; /* records of this page */
} Replay;

static gboolean open_record(Replay *replay, gint64 batch, const guint8 *id, JournalRecord *record,
                            const guint8 *sealed, gsize size, GError **error)
{
    const BatchKey *key = vault_batch_key(replay->vault, replay->vault_private, batch, error);
    g_autoptr(GBytes) plain =
        key ? message_record_open(key, RECORD_JOURNAL, id, sealed, size, error) : NULL;
    if (plain == NULL)
        return FALSE;
    gsize plain_size;
    const guint8 *bytes = g_bytes_get_data(plain, &plain_size);
    return journal_unpack(bytes, plain_size, &record->kind, &record->arrival) ||
           vault_damaged(replay->vault, "a journal record cannot be understood", error);
}

static gboolean replay_row(Replay *replay, sqlite3_stmt *statement, GError **error)
{
    const guint8 *id = sql_column(statement, 3, MESSAGE_ID_SIZE);
    if (id == NULL)
        return vault_damaged(replay->vault, "a message has no id", error);
    g_autofree char *text = base32_encode(id, MESSAGE_ID_SIZE);
    JournalRecord record = {.sequence = sqlite3_column_int64(statement, 0),
                            .row = sqlite3_column_int64(statement, 1),
                            .disowned = sqlite3_column_int(statement, 5) != 0,
                            .replaced = sqlite3_column_int(statement, 6) != 0,
                            .removed = sqlite3_column_int(statement, 7) != 0,
                            .singly = sqlite3_column_int(statement, 8) != 0};
    g_strlcpy(record.id, text, sizeof record.id);
    if (!open_record(replay, sqlite3_column_int64(statement, 2), id, &record,
                     sqlite3_column_blob(statement, 4), (gsize)sqlite3_column_bytes(statement, 4),
                     error))
        return FALSE;
    replay->last = record.sequence;
    replay->count++;
    gboolean go_on = replay->reader(replay->user, &record, error);
    arrival_clear(&record.arrival);
    return go_on;
}

static gboolean replay_page(Replay *replay, GError **error)
{
    gboolean row, fine = FALSE;
    sqlite3_stmt *statement = vault_sql(replay->vault, SQL_JOURNAL, error);
    if (statement == NULL)
        return FALSE;
    replay->count = 0;
    sql_int(statement, 1, replay->last);
    while ((fine = sql_row(replay->vault, statement, &row, error)) && row)
        if (!(fine = replay_row(replay, statement, error)))
            break;
    sqlite3_reset(statement);
    return fine;
}

/* By pages, so that a long replay does not keep the log from being checkpointed. */
gboolean vault_replay(Vault *vault, const Secret *vault_private, gint64 after, JournalReader reader,
                      gpointer user, GError **error)
{
    Replay replay = {.vault = vault,
                     .vault_private = vault_private,
                     .reader = reader,
                     .user = user,
                     .last = after};
    do {
        if (!replay_page(&replay, error))
            return FALSE;
    } while (replay.count > 0);
    return TRUE;
}
