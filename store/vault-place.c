/* See vault-commit.h: where the messages of a batch lie on their servers, within its transaction.
 */
#include <string.h>

#include "store/ranges.h"
#include "store/vault-commit.h"

gboolean vault_account_row(Vault *vault, const guint8 mac[static MAC_SIZE], gint64 *id,
                           GError **error)
{
    gboolean row;
    sqlite3_stmt *add = vault_sql(vault, SQL_ADD_ACCOUNT, error);
    sqlite3_stmt *find = vault_sql(vault, SQL_ACCOUNT, error);
    if (add == NULL || find == NULL)
        return FALSE;
    sql_blob(add, 1, mac, MAC_SIZE);
    sql_blob(find, 1, mac, MAC_SIZE);
    if (!sql_done(vault, add, error) || !sql_row(vault, find, &row, error))
        return FALSE;
    *id = row ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    return row || vault_damaged(vault, "an account is missing", error);
}

/* --- mailboxes ----------------------------------------------------------------------------- */

gboolean vault_mailbox_row(Vault *vault, const guint8 mac[static MAC_SIZE], MailboxRow *found,
                           GError **error)
{
    gboolean row;
    memset(found, 0, sizeof *found);
    sqlite3_stmt *statement = sql_look_up(vault, SQL_MAILBOX, mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    if (row) {
        found->id = sqlite3_column_int64(statement, 0);
        found->uidvalidity = (guint32)sqlite3_column_int64(statement, 1);
    }
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean add_mailbox(Vault *vault, const guint8 account_mac[static MAC_SIZE],
                            const guint8 name_mac[static MAC_SIZE], gint64 *id, GError **error)
{
    gint64 account;
    sqlite3_stmt *statement = vault_sql(vault, SQL_ADD_MAILBOX, error);
    if (statement == NULL || !vault_account_row(vault, account_mac, &account, error))
        return FALSE;
    sql_int(statement, 1, account);
    sql_blob(statement, 2, name_mac, MAC_SIZE);
    if (!sql_done(vault, statement, error))
        return FALSE;
    *id = sqlite3_last_insert_rowid(vault->db);
    return TRUE;
}

/* Renumbered, it begins anew; what lay in the former one is ended by vault_depart(). */
static gboolean store_mailbox(Vault *vault, const BatchMailbox *mailbox, GError **error)
{
    MailboxRow row;
    if (!vault_mailbox_row(vault, mailbox->name_mac, &row, error))
        return FALSE;
    gboolean renumbered = row.uidvalidity != 0 && row.uidvalidity != mailbox->uidvalidity;
    if (renumbered && (!sql_run_with(vault, SQL_END_MAILBOX, row.id, error) ||
                       !sql_run_with(vault, SQL_UNSKIP_MAILBOX, row.id, error)))
        return FALSE;
    if ((row.id == 0 || renumbered) &&
        !add_mailbox(vault, mailbox->account_mac, mailbox->name_mac, &row.id, error))
        return FALSE;
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_MAILBOX, error);
    if (statement == NULL)
        return FALSE;
    g_autoptr(GBytes) covered = ranges_pack(mailbox->covered);
    gsize size;
    const void *data = g_bytes_get_data(covered, &size);
    sql_int(statement, 1, row.id);
    sql_int(statement, 2, mailbox->uidvalidity);
    sql_blob(statement, 3, size > 0 ? data : "", size); /* an empty set is no NULL */
    sql_int(statement, 4, (gint64)mailbox->modseq);
    return sql_done(vault, statement, error);
}

gboolean batch_store_mailboxes(const Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->mailboxes->len; i++)
        if (!store_mailbox(batch->vault, g_ptr_array_index(batch->mailboxes, i), error))
            return FALSE;
    return TRUE;
}

/* --- arrivals ------------------------------------------------------------------------------ */

gboolean batch_add_record(const Batch *batch, gint64 row, GBytes *record, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(record, &size);
    sqlite3_stmt *journal = vault_sql(batch->vault, SQL_ADD_JOURNAL, error);
    if (journal == NULL)
        return FALSE;
    sql_int(journal, 1, batch->id);
    sql_int(journal, 2, row);
    sql_blob(journal, 3, data, size);
    return sql_done(batch->vault, journal, error);
}

/* Arrivals of one account and mailbox mostly stand together: their rows are looked for once a run.
 */
typedef struct {
    const BatchArrival *first; /* NULL before the first run */
    gint64 account, mailbox;
    gint64 arrivals, messages; /* the account gained */
    gint64 placed;             /* the mailbox gained */
} Run;

static gboolean changes(Vault *vault, VaultSql which, gint64 first, gint64 second, gboolean *any,
                        GError **error)
{
    if (!sql_run_with_two(vault, which, first, second, error))
        return FALSE;
    *any = sqlite3_changes(vault->db) > 0;
    return TRUE;
}

gboolean vault_keep(Vault *vault, gint64 message, gint64 account, gboolean *added, GError **error)
{
    return changes(vault, SQL_ADD_KEPT, message, account, added, error);
}

static gboolean store_uidl(const Batch *batch, const BatchArrival *arrival, Run *run,
                           GError **error)
{
    gboolean added;
    gint64 row = arrival->message->row;
    sqlite3_stmt *uidl = vault_sql(batch->vault, SQL_ADD_UIDL, error);
    if (uidl == NULL)
        return FALSE;
    sql_int(uidl, 1, run->account);
    sql_blob(uidl, 2, arrival->uidl_mac, MAC_SIZE);
    sql_int(uidl, 3, row);
    sql_int(uidl, 4, arrival->since);
    if (!sql_done(batch->vault, uidl, error) ||
        !vault_keep(batch->vault, row, run->account, &added, error))
        return FALSE;
    run->messages += added;
    return TRUE;
}

static void bind_place(sqlite3_stmt *statement, const BatchArrival *arrival, gint64 mailbox)
{
    sql_int(statement, 1, mailbox);
    sql_int(statement, 2, arrival->uid);
    sql_int(statement, 3, arrival->message->row);
    sql_blob(statement, 4, arrival->flags_mac, FLAGS_MAC_SIZE);
}

/* A UID that is taken: the server gave it again. What it stood for is not taken for gone. */
static gboolean replace_placement(const Batch *batch, const BatchArrival *arrival, Run *run,
                                  GError **error)
{
    gboolean row, added = FALSE;
    Vault *vault = batch->vault;
    sqlite3_stmt *find = vault_sql(vault, SQL_PLACEMENT, error);
    sqlite3_stmt *set = vault_sql(vault, SQL_SET_PLACEMENT, error);
    if (find == NULL || set == NULL)
        return FALSE;
    sql_int(find, 1, run->mailbox);
    sql_int(find, 2, arrival->uid);
    if (!sql_row(vault, find, &row, error))
        return FALSE;
    gint64 before = row ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    if (before != 0 && before != arrival->message->row &&
        !vault_keep(vault, before, run->account, &added, error))
        return FALSE;
    run->messages += added;
    bind_place(set, arrival, run->mailbox);
    return sql_done(vault, set, error);
}

static gboolean store_placement(const Batch *batch, const BatchArrival *arrival, Run *run,
                                GError **error)
{
    gboolean returned = FALSE;
    Vault *vault = batch->vault;
    sqlite3_stmt *add = vault_sql(vault, SQL_ADD_PLACEMENT, error);
    if (add == NULL)
        return FALSE;
    bind_place(add, arrival, run->mailbox);
    if (!sql_done(vault, add, error))
        return FALSE;
    if (sqlite3_changes(vault->db) == 0)
        return replace_placement(batch, arrival, run, error);
    run->placed++;
    run->messages++;
    /* It was gone from the account's server, and is back. */
    if (arrival->message->known &&
        !changes(vault, SQL_DROP_KEPT, arrival->message->row, run->account, &returned, error))
        return FALSE;
    run->messages -= returned;
    return TRUE;
}

static gboolean end_run(Vault *vault, const Run *run, GError **error)
{
    if (run->first == NULL)
        return TRUE;
    sqlite3_stmt *account = vault_sql(vault, SQL_ADD_ARRIVALS, error);
    sqlite3_stmt *mailbox = vault_sql(vault, SQL_GROW_MAILBOX, error);
    if (account == NULL || mailbox == NULL)
        return FALSE;
    sql_int(account, 1, run->account);
    sql_int(account, 2, run->arrivals);
    sql_int(account, 3, run->messages);
    sql_int(mailbox, 1, run->mailbox);
    sql_int(mailbox, 2, run->placed);
    return sql_done(vault, account, error) && (run->placed == 0 || sql_done(vault, mailbox, error));
}

static gboolean begin_run(Vault *vault, const BatchArrival *first, Run *run, GError **error)
{
    MailboxRow mailbox = {.id = 0};
    *run = (Run){.first = first};
    if (!vault_account_row(vault, first->account_mac, &run->account, error))
        return FALSE;
    if (!first->has_uidl && first->import == NULL &&
        (!vault_mailbox_row(vault, first->mailbox_mac, &mailbox, error) ||
         (mailbox.id == 0 &&
          !add_mailbox(vault, first->account_mac, first->mailbox_mac, &mailbox.id, error))))
        return FALSE;
    run->mailbox = mailbox.id;
    return TRUE;
}

static gboolean belongs(const BatchArrival *arrival, const Run *run)
{
    return run->first && run->first->has_uidl == arrival->has_uidl &&
           (run->first->import != NULL) == (arrival->import != NULL) &&
           memcmp(run->first->account_mac, arrival->account_mac, MAC_SIZE) == 0 &&
           memcmp(run->first->mailbox_mac, arrival->mailbox_mac, MAC_SIZE) == 0;
}

static gboolean store_import(const Batch *batch, const BatchArrival *arrival, Run *run,
                             GError **error)
{
    gboolean fresh, added = FALSE;
    if (!import_is_new(batch, arrival, run->account, &fresh, error))
        return FALSE;
    if (!fresh)
        return TRUE;
    if (!batch_add_record(batch, arrival->message->row, arrival->record, error) ||
        !import_store(batch, arrival, run->account, &added, error))
        return FALSE;
    run->messages += added;
    run->arrivals++;
    return TRUE;
}

static gboolean store_fetched(const Batch *batch, const BatchArrival *arrival, Run *run,
                              GError **error)
{
    run->arrivals++;
    return batch_add_record(batch, arrival->message->row, arrival->record, error) &&
           batch_store_pending(batch, arrival, run->account, error) &&
           (arrival->has_uidl ? store_uidl : store_placement)(batch, arrival, run, error);
}

gboolean batch_store_arrivals(const Batch *batch, GError **error)
{
    Run run = {.first = NULL};
    for (guint i = 0; i < batch->arrivals->len; i++) {
        const BatchArrival *arrival = g_ptr_array_index(batch->arrivals, i);
        if (!belongs(arrival, &run) &&
            (!end_run(batch->vault, &run, error) || !begin_run(batch->vault, arrival, &run, error)))
            return FALSE;
        if (!(arrival->import ? store_import : store_fetched)(batch, arrival, &run, error))
            return FALSE;
    }
    return end_run(batch->vault, &run, error);
}

gboolean batch_store_flags(const Batch *batch, GError **error)
{
    Vault *vault = batch->vault;
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_FLAGS, error);
    if (statement == NULL)
        return FALSE;
    for (guint i = 0; i < batch->flags->len; i++) {
        const BatchFlags *flags = g_ptr_array_index(batch->flags, i);
        sql_int(statement, 1, flags->mailbox);
        sql_int(statement, 2, flags->uid);
        sql_blob(statement, 3, flags->flags_mac, FLAGS_MAC_SIZE);
        if (!sql_done(vault, statement, error) ||
            !batch_add_record(batch, flags->row, flags->record, error))
            return FALSE;
    }
    return TRUE;
}
