/* See vault-runs.h. */
#include "store/vault-runs.h"

#include <string.h>

#include "store/vault-place.h"
#include "store/vault-writer.h"

/* --- adding -------------------------------------------------------------------------------- */

static gboolean brings_nothing(const RunRecord *record)
{
    return record->stored + record->known + record->sensitive + record->skipped + record->removed ==
           0;
}

static gboolean note_end(Vault *vault, const guint8 mac[static MAC_SIZE], const RunRecord *record,
                         GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_SYNC, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, mac, MAC_SIZE);
    sql_int(statement, 2, record->ended);
    sql_int(statement, 3, record->code);
    return sql_done(vault, statement, error);
}

/* Makes the account's last entry longer; *row FALSE where that is not of the same kind. */
static gboolean prolong(Vault *vault, const guint8 mac[static MAC_SIZE], const RunRecord *record,
                        gboolean *row, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_PROLONG_RUN, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, mac, MAC_SIZE);
    sql_int(statement, 2, record->ended);
    sql_int(statement, 3, record->code);
    sqlite3_bind_text(statement, 4, record->rule, -1, SQLITE_STATIC);
    gboolean fine = sql_done(vault, statement, error);
    *row = sqlite3_changes(vault->db) > 0;
    return fine;
}

static gboolean add(Vault *vault, const guint8 mac[static MAC_SIZE], const RunRecord *record,
                    GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_ADD_RUN, error);
    if (statement == NULL)
        return FALSE;
    const guint64 numbers[] = {record->stored, record->known, record->sensitive, record->skipped,
                               record->removed};
    sql_blob(statement, 1, mac, MAC_SIZE);
    sql_int(statement, 2, record->began);
    sql_int(statement, 3, record->ended);
    sql_int(statement, 4, record->code);
    sqlite3_bind_text(statement, 5, record->rule, -1, SQLITE_STATIC);
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        sql_int(statement, 6 + (int)i, (gint64)numbers[i]);
    return sql_done(vault, statement, error) &&
           sql_run_with(vault, SQL_TRIM_RUNS, VAULT_RUNS_KEPT, error);
}

gboolean vault_note_run(VaultWriter *writer, const char *account, const RunRecord *record,
                        GError **error)
{
    Vault *vault = writer->vault;
    gboolean longer = FALSE;
    guint8 mac[MAC_SIZE];
    name_mac(writer->names, "account", account, "", mac);
    if (!sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    gboolean fine = note_end(vault, mac, record, error) &&
                    (!brings_nothing(record) || prolong(vault, mac, record, &longer, error)) &&
                    (longer || add(vault, mac, record, error));
    return sql_end(vault, fine, error);
}

/* --- reading ------------------------------------------------------------------------------- */

typedef struct {
    char *const *names;
    guint8 (*macs)[MAC_SIZE]; /* theirs, in order */
} Known;

static const char *name_of(const Known *known, const void *mac, int size)
{
    for (guint i = 0; size == MAC_SIZE && known->names[i]; i++)
        if (memcmp(known->macs[i], mac, MAC_SIZE) == 0)
            return known->names[i];
    return NULL;
}

static void read_record(sqlite3_stmt *statement, RunRecord *record)
{
    const char *rule = (const char *)sqlite3_column_text(statement, 5);
    *record = (RunRecord){
        .began = sqlite3_column_int64(statement, 1),
        .ended = sqlite3_column_int64(statement, 2),
        .times = (guint64)sqlite3_column_int64(statement, 3),
        .code = sqlite3_column_int(statement, 4),
        .stored = (guint64)sqlite3_column_int64(statement, 6),
        .known = (guint64)sqlite3_column_int64(statement, 7),
        .sensitive = (guint64)sqlite3_column_int64(statement, 8),
        .skipped = (guint64)sqlite3_column_int64(statement, 9),
        .removed = (guint64)sqlite3_column_int64(statement, 10),
    };
    g_strlcpy(record->rule, rule ? rule : "", sizeof record->rule);
}

static gboolean take_rows(Vault *vault, sqlite3_stmt *statement, const Known *known, RunTaker taker,
                          gpointer user, GError **error)
{
    gboolean row, fine = sql_row(vault, statement, &row, error);
    while (fine && row) {
        RunRecord record;
        read_record(statement, &record);
        const char *name =
            name_of(known, sqlite3_column_blob(statement, 0), sqlite3_column_bytes(statement, 0));
        fine = taker(user, name, &record, error) && sql_row(vault, statement, &row, error);
    }
    sqlite3_reset(statement);
    return fine;
}

gboolean vault_runs(Vault *vault, const Secret *match_key, char *const *names, const char *account,
                    guint limit, RunTaker taker, gpointer user, GError **error)
{
    guint8 mac[MAC_SIZE];
    g_autoptr(NameKey) key = name_key_new(match_key);
    guint count = g_strv_length((char **)names);
    g_autofree guint8(*macs)[MAC_SIZE] = g_malloc0_n(count + 1, MAC_SIZE);
    for (guint i = 0; i < count; i++)
        name_mac(key, "account", names[i], "", macs[i]);
    sqlite3_stmt *statement = vault_sql(vault, SQL_RUNS, error);
    if (statement == NULL)
        return FALSE;
    if (account)
        name_mac(key, "account", account, "", mac);
    sql_blob(statement, 1, account ? mac : NULL, account ? MAC_SIZE : 0);
    sql_int(statement, 2, limit);
    const Known known = {names, macs};
    return take_rows(vault, statement, &known, taker, user, error);
}
