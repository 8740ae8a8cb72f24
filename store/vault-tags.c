/* See vault-tags.h. */
#include "store/vault-tags.h"

#include "core/base32.h"
#include "core/limits.h"
#include "store/vault-record.h"
#include "store/vault-sql.h"

static void free_change(gpointer data)
{
    TagChange *change = data;
    g_strfreev(change->changes);
    g_free(change);
}

GPtrArray *tag_changes_new(void)
{
    return g_ptr_array_new_with_free_func(free_change);
}

void tag_changes_add(GPtrArray *list, const char *id, const char *const *changes)
{
    TagChange *change = g_new0(TagChange, 1);
    g_strlcpy(change->id, id, sizeof change->id);
    change->changes = g_strdupv((GStrv)changes);
    g_ptr_array_add(list, change);
}

/* --- one transaction ----------------------------------------------------------------------- */

typedef struct {
    Vault *vault;
    BatchKey *key; /* made for the first record */
    gint64 batch;
    guint64 written;
} Writing;

static gboolean begin_batch(Writing *self, GError **error)
{
    guint8 ephemeral[KEY_SIZE];
    Vault *vault = self->vault;
    if (self->key)
        return TRUE;
    self->key = batch_key_new(vault->id, vault->public_key, ephemeral, error);
    sqlite3_stmt *statement = self->key ? vault_sql(vault, SQL_ADD_BATCH, error) : NULL;
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, ephemeral, sizeof ephemeral);
    if (!sql_done(vault, statement, error))
        return FALSE;
    self->batch = sqlite3_last_insert_rowid(vault->db);
    return TRUE;
}

/* The id and row of the message called NAME; row 0 when it is not there. */
static gboolean row_of(Vault *vault, const char *name, guint8 id[static MESSAGE_ID_SIZE],
                       gint64 *row, GError **error)
{
    gboolean found;
    *row = 0;
    if (!base32_decode(name, id, MESSAGE_ID_SIZE))
        return TRUE;
    sqlite3_stmt *statement = sql_look_up(vault, SQL_MESSAGE, id, MESSAGE_ID_SIZE, &found, error);
    if (statement == NULL)
        return FALSE;
    if (found)
        *row = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean add_record(Writing *self, gint64 row, const guint8 id[static MESSAGE_ID_SIZE],
                           GStrv changes, GError **error)
{
    gsize size;
    const Arrival arrival = {.account = "", .mailbox = "", .flags = changes};
    g_autoptr(GBytes) plain = journal_pack(JOURNAL_TAGS, &arrival);
    g_autoptr(GBytes) sealed = message_record_seal(self->key, RECORD_JOURNAL, id, plain);
    sqlite3_stmt *statement = vault_sql(self->vault, SQL_ADD_JOURNAL, error);
    if (statement == NULL)
        return FALSE;
    const void *data = g_bytes_get_data(sealed, &size);
    sql_int(statement, 1, self->batch);
    sql_int(statement, 2, row);
    sql_blob(statement, 3, data, size);
    return sql_done(self->vault, statement, error);
}

static gboolean write_one(Writing *self, const TagChange *change, GError **error)
{
    gint64 row;
    guint8 id[MESSAGE_ID_SIZE];
    if (!row_of(self->vault, change->id, id, &row, error))
        return FALSE;
    if (row == 0)
        return TRUE;
    self->written++;
    return begin_batch(self, error) && add_record(self, row, id, change->changes, error);
}

static gboolean write_some(Writing *self, const GPtrArray *list, guint first, guint end,
                           GError **error)
{
    gboolean fine = TRUE;
    for (guint i = first; fine && i < end; i++)
        fine = write_one(self, list->pdata[i], error);
    g_clear_pointer(&self->key, batch_key_free);
    return fine;
}

gboolean vault_tag(Vault *vault, const GPtrArray *list, guint64 *written, GError **error)
{
    Writing self = {.vault = vault};
    for (guint first = 0; first < list->len; first += LIMIT_BATCH_MESSAGES) {
        guint end = MIN(first + LIMIT_BATCH_MESSAGES, list->len);
        if (!sql_begin(vault, SQL_STRICT, error) ||
            !sql_end(vault, write_some(&self, list, first, end, error), error))
            return FALSE;
    }
    *written = self.written;
    return TRUE;
}

Vault *vault_again(const Vault *vault, GError **error)
{
    return vault_open(vault->dir, error);
}

gboolean vault_count_tags(Vault *vault, const GPtrArray *list, guint64 *count, GError **error)
{
    *count = 0;
    for (guint i = 0; i < list->len; i++) {
        gint64 row;
        guint8 id[MESSAGE_ID_SIZE];
        if (!row_of(vault, ((TagChange *)list->pdata[i])->id, id, &row, error))
            return FALSE;
        *count += row > 0;
    }
    return TRUE;
}

/* --- rules --------------------------------------------------------------------------------- */

gboolean vault_ruled(Vault *vault, gint64 *sequence, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_RULED, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    *sequence = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return row || vault_damaged(vault, "it does not say how far rules came", error);
}

static gboolean move_on(Writing *self, gint64 before, gint64 after, const GPtrArray *list,
                        gboolean *taken, GError **error)
{
    if (!sql_run_with_two(self->vault, SQL_SET_RULED, before, after, error))
        return FALSE;
    *taken = sqlite3_changes(self->vault->db) == 1;
    return !*taken || write_some(self, list, 0, list->len, error);
}

gboolean vault_rule(Vault *vault, gint64 before, gint64 after, const GPtrArray *list,
                    gboolean *taken, GError **error)
{
    Writing self = {.vault = vault};
    return sql_begin(vault, list->len > 0 ? SQL_STRICT : SQL_LAZY, error) &&
           sql_end(vault, move_on(&self, before, after, list, taken, error), error);
}
