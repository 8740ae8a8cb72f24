/* See vault-place.h: how a message leaves a mailbox. One transaction, so that a kill leaves all as
 * it was, to be told by the server once more, or all done. */
#include "store/vault-place.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#include "store/vault-commit.h"
#include "store/vault-record.h"
#include "store/vault-writer.h"

typedef struct {
    VaultWriter *writer;
    Vault *vault;
    const char *account;
    gint64 account_row;
    const Removal *removal;
    const char *mailbox;
    gboolean may_remove; /* by what happened in this mailbox */
    gint64 left;         /* messages that the account has no more */
    GArray *unplaced;    /* gint64: rows that may have to go */
} Leaving;

/* A placement that ends. */
typedef struct {
    guint32 uid;
    gint64 row;
    guint8 id[MESSAGE_ID_SIZE];
} Ending;

void departure_free(Departure *departure)
{
    if (departure == NULL)
        return;
    g_free(departure->mailbox);
    g_array_unref(departure->uids);
    g_free(departure);
}

static gboolean any(Vault *vault, VaultSql which, gint64 first, gint64 second, gint64 third,
                    gboolean *found, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL)
        return FALSE;
    const gint64 values[] = {first, second, third};
    for (int n = 1; n <= sqlite3_bind_parameter_count(statement); n++)
        sql_int(statement, n, values[n - 1]);
    if (!sql_row(vault, statement, found, error))
        return FALSE;
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean journal(Leaving *self, const Ending *ending, GError **error)
{
    const Arrival arrival = {
        .account = self->account, .mailbox = self->mailbox, .uid = ending->uid};
    g_autoptr(GBytes) plain = journal_pack(JOURNAL_GONE, &arrival);
    g_autoptr(GBytes) record =
        message_record_seal(self->writer->batch->key, RECORD_JOURNAL, ending->id, plain);
    return batch_add_record(self->writer->batch, ending->row, record, error);
}

static gboolean end_placement(Leaving *self, gint64 mailbox, const Ending *ending, GError **error)
{
    gboolean elsewhere, added;
    if (!sql_run_with_two(self->vault, SQL_DROP_PLACEMENT, mailbox, ending->uid, error) ||
        !any(self->vault, SQL_PLACES, ending->row, self->account_row, 0, &elsewhere, error))
        return FALSE;
    if (!elsewhere && !self->may_remove)
        return vault_keep(self->vault, ending->row, self->account_row, &added, error);
    self->left++;
    if (!elsewhere)
        g_array_append_val(self->unplaced, ending->row);
    return TRUE;
}

/* The next placements of MAILBOX from FIRST to LAST; few enough to be held in memory. */
static gboolean next_page(Vault *vault, gint64 mailbox, guint64 first, guint32 last, GArray *page,
                          GError **error)
{
    gboolean row, fine;
    sqlite3_stmt *statement = vault_sql(vault, SQL_PLACEMENTS, error);
    if (statement == NULL)
        return FALSE;
    g_array_set_size(page, 0);
    sql_int(statement, 1, mailbox);
    sql_int(statement, 2, (gint64)first);
    sql_int(statement, 3, last);
    while ((fine = sql_row(vault, statement, &row, error)) && row) {
        const guint8 *id = sql_column(statement, 2, MESSAGE_ID_SIZE);
        Ending ending = {.uid = (guint32)sqlite3_column_int64(statement, 0),
                         .row = sqlite3_column_int64(statement, 1)};
        if (!(fine = id || vault_damaged(vault, "a message has no id", error)))
            break;
        memcpy(ending.id, id, MESSAGE_ID_SIZE);
        g_array_append_val(page, ending);
    }
    sqlite3_reset(statement);
    return fine;
}

/* STAYS: a mailbox where a message that lies at the same UID is not gone at all; or 0. */
static gboolean end_page(Leaving *self, gint64 mailbox, gint64 stays, const GArray *page,
                         GError **error)
{
    for (guint i = 0; i < page->len; i++) {
        const Ending *ending = &g_array_index(page, Ending, i);
        gboolean same = FALSE;
        if (stays != 0 &&
            !any(self->vault, SQL_SAME_PLACE, stays, ending->uid, ending->row, &same, error))
            return FALSE;
        if (!end_placement(self, mailbox, ending, error) ||
            (!same && !journal(self, ending, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean end_range(Leaving *self, gint64 mailbox, gint64 stays, UidRange range,
                          guint64 *ended, GError **error)
{
    g_autoptr(GArray) page = g_array_new(FALSE, FALSE, sizeof(Ending));
    guint64 next = range.first;
    do {
        if (!next_page(self->vault, mailbox, next, range.last, page, error) ||
            !end_page(self, mailbox, stays, page, error))
            return FALSE;
        *ended += page->len;
        if (page->len > 0)
            next = (guint64)g_array_index(page, Ending, page->len - 1).uid + 1;
    } while (page->len > 0);
    return TRUE;
}

static gboolean end_former(Leaving *self, const PlaceName *place, gint64 current, GError **error)
{
    gboolean found;
    const UidRange all = {1, G_MAXUINT32};
    for (;;) {
        guint64 ended = 0;
        sqlite3_stmt *statement =
            sql_look_up(self->vault, SQL_FORMER, place->mailbox_mac, MAC_SIZE, &found, error);
        if (statement == NULL)
            return FALSE;
        gint64 former = found ? sqlite3_column_int64(statement, 0) : 0;
        sqlite3_reset(statement);
        if (former == 0)
            return TRUE;
        if (!end_range(self, former, current, all, &ended, error) ||
            !sql_run_with(self->vault, SQL_DROP_MAILBOX, former, error))
            return FALSE;
    }
}

static gboolean set_modseq(Vault *vault, gint64 mailbox, guint64 modseq, guint64 ended,
                           GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_MODSEQ, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, mailbox);
    sql_int(statement, 2, (gint64)modseq);
    sql_int(statement, 3, (gint64)ended);
    return sql_done(vault, statement, error);
}

static gboolean depart(Leaving *self, const Departure *departure, GError **error)
{
    MailboxRow row;
    guint64 ended = 0;
    const PlaceName *place = writer_place(self->writer, self->account, departure->mailbox);
    if (!vault_mailbox_row(self->vault, place->mailbox_mac, &row, error))
        return FALSE;
    self->mailbox = departure->mailbox;
    self->may_remove = FALSE;
    if (departure->renumbered && !end_former(self, place, row.id, error))
        return FALSE;
    self->may_remove = self->removal->remove;
    for (guint i = 0; i < departure->uids->len; i++)
        if (!end_range(self, row.id, 0, g_array_index(departure->uids, UidRange, i), &ended, error))
            return FALSE;
    return set_modseq(self->vault, row.id, departure->modseq, ended, error);
}

/* --- what nobody has any more --------------------------------------------------------------- */

static gboolean remove_message(Vault *vault, gint64 row, GError **error)
{
    gboolean found;
    sqlite3_stmt *bytes = vault_sql(vault, SQL_BYTES, error);
    sqlite3_stmt *total = vault_sql(vault, SQL_ADD_TOTAL, error);
    if (bytes == NULL || total == NULL)
        return FALSE;
    sql_int(bytes, 1, row);
    if (!sql_row(vault, bytes, &found, error))
        return FALSE;
    sql_int(total, 1, -1);
    sql_int(total, 2, found ? -sqlite3_column_int64(bytes, 0) : 0);
    sqlite3_reset(bytes);
    return sql_done(vault, total, error) && vault_drop_chunks(vault, row, error) &&
           sql_run_with_two(vault, SQL_DROP_PENDING, row, 0, error) &&
           sql_run_with(vault, SQL_DROP_SHARE, row, error) &&
           sql_run_with(vault, SQL_DROP_SESSION, row, error) &&
           sql_run_with(vault, SQL_DROP_IMPORTED, row, error) &&
           sql_run_with(vault, SQL_DROP_LOOKS, row, error) &&
           sql_run_with(vault, SQL_REMOVE, row, error);
}

static gboolean remove_unwanted(Leaving *self, guint64 *removed, GError **error)
{
    for (guint i = 0; i < self->unplaced->len; i++) {
        gint64 row = g_array_index(self->unplaced, gint64, i);
        gboolean wanted;
        if (!any(self->vault, SQL_WANTED, row, 0, 0, &wanted, error))
            return FALSE;
        if (wanted)
            continue;
        if (!remove_message(self->vault, row, error))
            return FALSE;
        ++*removed;
    }
    return TRUE;
}

static gboolean depart_all(Leaving *self, const GPtrArray *departures, Removal *removal,
                           GError **error)
{
    const PlaceName *place = writer_place(self->writer, self->account, "");
    if (!vault_account_row(self->vault, place->account_mac, &self->account_row, error) ||
        !batch_add_row(self->writer->batch, error))
        return FALSE;
    for (guint i = 0; i < departures->len; i++)
        if (!depart(self, departures->pdata[i], error))
            return FALSE;
    removal->removed = self->unplaced->len;
    removal->braked = removal->removed > removal->most;
    if (removal->braked)
        return TRUE;
    removal->removed = 0;
    return remove_unwanted(self, &removal->removed, error) &&
           sql_run_with_two(self->vault, SQL_LESS_MESSAGES, self->account_row, self->left, error);
}

static gboolean begin(VaultWriter *writer, GError **error)
{
    if (!batch_is_empty(writer->batch))
        return refuse(error, POSTERN_ERROR_BUG, "vault.order", NULL,
                      "placements were ended inside a batch");
    return writer_sound(writer, error) && batch_begin(writer->batch, error) &&
           sql_begin(writer->vault, SQL_STRICT, error);
}

static gboolean end(VaultWriter *writer, gboolean fine, gboolean cancel, GError **error)
{
    Vault *vault = writer->vault;
    turn_change(vault->turn);
    fine = fine && cancel ? sql_cancel(vault, error) : sql_end(vault, fine, error);
    /* Its row is there no more, or its key has done its work. */
    batch_free(writer->batch);
    writer->batch = batch_new(vault, writer->digest);
    return fine;
}

gboolean vault_depart(VaultWriter *writer, const char *account, const GPtrArray *departures,
                      Removal *removal, GError **error)
{
    Vault *vault = writer->vault;
    removal->removed = 0;
    removal->braked = FALSE;
    if (!begin(writer, error))
        return FALSE;
    Leaving leaving = {.writer = writer,
                       .vault = vault,
                       .account = account,
                       .removal = removal,
                       .unplaced = g_array_new(FALSE, FALSE, sizeof(gint64))};
    gboolean fine = depart_all(&leaving, departures, removal, error);
    g_array_unref(leaving.unplaced);
    return end(writer, fine, removal->braked, error);
}

/* --- mailboxes that the server has no more ---------------------------------------------------- */

/* How a mailbox is found among those that are listed. */
static GBytes *mac_of(const guint8 *mac)
{
    return g_bytes_new(mac, MAC_SIZE);
}

static GHashTable *listed_names(VaultWriter *writer, const char *account, const GPtrArray *names)
{
    GHashTable *listed =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (guint i = 0; i < names->len; i++)
        g_hash_table_insert(listed,
                            mac_of(writer_place(writer, account, names->pdata[i])->mailbox_mac),
                            names->pdata[i]);
    return listed;
}

/* Rows of the account's mailboxes that are not LISTED: gint64. */
static gboolean unlisted_rows(Vault *vault, gint64 account, GHashTable *listed, GArray *rows,
                              GError **error)
{
    gboolean row, fine;
    sqlite3_stmt *statement = vault_sql(vault, SQL_MAILBOXES, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, account);
    while ((fine = sql_row(vault, statement, &row, error)) && row) {
        const guint8 *mac = sql_column(statement, 0, MAC_SIZE);
        gint64 id = sqlite3_column_int64(statement, 1);
        if (!(fine = mac || vault_damaged(vault, "a mailbox has no name", error)))
            break;
        g_autoptr(GBytes) key = mac_of(mac);
        if (!g_hash_table_contains(listed, key))
            g_array_append_val(rows, id);
    }
    sqlite3_reset(statement);
    return fine;
}

/* NAMES gains the listed mailboxes where the message of ROW lies; *anywhere: in those or in others.
 */
static gboolean places_of(const Leaving *self, gint64 row, GHashTable *listed, GPtrArray *names,
                          gboolean *anywhere, GError **error)
{
    gboolean found, fine;
    sqlite3_stmt *statement = vault_sql(self->vault, SQL_PLACES, error);
    if (statement == NULL)
        return FALSE;
    *anywhere = FALSE;
    sql_int(statement, 1, row);
    sql_int(statement, 2, self->account_row);
    while ((fine = sql_row(self->vault, statement, &found, error)) && found) {
        const guint8 *mac = sql_column(statement, 0, MAC_SIZE);
        *anywhere = TRUE;
        g_autoptr(GBytes) key = mac ? mac_of(mac) : NULL;
        char *name = key ? g_hash_table_lookup(listed, key) : NULL;
        if (name)
            g_ptr_array_add(names, name);
    }
    sqlite3_reset(statement);
    return fine;
}

static gboolean end_unlisted(Leaving *self, gint64 mailbox, const Ending *ending,
                             GHashTable *listed, GError **error)
{
    gboolean anywhere, added = FALSE;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (!sql_run_with_two(self->vault, SQL_DROP_PLACEMENT, mailbox, ending->uid, error) ||
        !places_of(self, ending->row, listed, names, &anywhere, error) ||
        (!anywhere && !vault_keep(self->vault, ending->row, self->account_row, &added, error)))
        return FALSE;
    self->left += !added;
    if (names->len > LIMIT_FLAGS) /* more than a record takes: an old place too many is shown */
        return TRUE;
    g_ptr_array_add(names, NULL);
    const Arrival arrival = {.account = self->account, .mailbox = "", .flags = (GStrv)names->pdata};
    g_autoptr(GBytes) plain = journal_pack(JOURNAL_ONLY, &arrival);
    g_autoptr(GBytes) record =
        message_record_seal(self->writer->batch->key, RECORD_JOURNAL, ending->id, plain);
    return batch_add_record(self->writer->batch, ending->row, record, error);
}

static gboolean end_mailbox(Leaving *self, gint64 mailbox, GHashTable *listed, guint64 *ended,
                            GError **error)
{
    g_autoptr(GArray) page = g_array_new(FALSE, FALSE, sizeof(Ending));
    do {
        if (!next_page(self->vault, mailbox, 1, G_MAXUINT32, page, error))
            return FALSE;
        for (guint i = 0; i < page->len; i++)
            if (!end_unlisted(self, mailbox, &g_array_index(page, Ending, i), listed, error))
                return FALSE;
        *ended += page->len;
    } while (page->len > 0);
    return sql_run_with(self->vault, SQL_UNSKIP_MAILBOX, mailbox, error) &&
           sql_run_with(self->vault, SQL_DROP_MAILBOX, mailbox, error);
}

static gboolean end_all(Leaving *self, const GArray *rows, GHashTable *listed, guint64 *ended,
                        GError **error)
{
    if (!batch_add_row(self->writer->batch, error))
        return FALSE;
    for (guint i = 0; i < rows->len; i++)
        if (!end_mailbox(self, g_array_index(rows, gint64, i), listed, ended, error))
            return FALSE;
    return sql_run_with_two(self->vault, SQL_LESS_MESSAGES, self->account_row, self->left, error);
}

gboolean vault_depart_unlisted(VaultWriter *writer, const char *account, const GPtrArray *names,
                               guint64 *ended, GError **error)
{
    Leaving leaving = {.writer = writer, .vault = writer->vault, .account = account};
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GHashTable) listed = listed_names(writer, account, names);
    const PlaceName *place = writer_place(writer, account, "");
    *ended = 0;
    if (!vault_account_row(writer->vault, place->account_mac, &leaving.account_row, error) ||
        !unlisted_rows(writer->vault, leaving.account_row, listed, rows, error))
        return FALSE;
    if (rows->len == 0)
        return TRUE;
    return begin(writer, error) &&
           end(writer, end_all(&leaving, rows, listed, ended, error), FALSE, error);
}
