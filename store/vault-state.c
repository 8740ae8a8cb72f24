/* See vault.h and vault-place.h: what the vault knows of servers and accounts. */
#include <string.h>

#include "store/ranges.h"
#include "store/vault-place.h"
#include "store/vault-writer.h"

static gboolean read_state(Vault *vault, const guint8 mac[static MAC_SIZE], MailboxState *state,
                           GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = sql_look_up(vault, SQL_MAILBOX, mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    *state = (MailboxState){.covered = NULL};
    if (row) {
        state->uidvalidity = (guint32)sqlite3_column_int64(statement, 1);
        state->covered = ranges_unpack(sqlite3_column_blob(statement, 2),
                                       (gsize)sqlite3_column_bytes(statement, 2));
        state->modseq = (guint64)sqlite3_column_int64(statement, 3);
        state->messages = (guint64)sqlite3_column_int64(statement, 4);
        state->renumbered = sqlite3_column_int(statement, 5) != 0;
    } else {
        state->covered = ranges_new();
    }
    sqlite3_reset(statement);
    return state->covered || vault_damaged(vault, "a folder's state is no set of UIDs", error);
}

gboolean vault_mailbox_state(VaultWriter *writer, const char *account, const char *mailbox,
                             MailboxState *state, GError **error)
{
    const guint8 *mac = writer_place(writer, account, mailbox)->mailbox_mac;
    const BatchMailbox *pending = batch_mailbox(writer->batch, mac);
    if (!read_state(writer->vault, mac, state, error))
        return FALSE;
    if (pending == NULL)
        return TRUE;
    g_array_unref(state->covered);
    if (state->uidvalidity != pending->uidvalidity) {
        state->renumbered |= state->uidvalidity != 0;
        state->messages = 0;
    }
    state->uidvalidity = pending->uidvalidity;
    state->modseq = pending->modseq;
    state->covered = g_array_copy(pending->covered);
    return TRUE;
}

gboolean vault_set_mailbox_state(VaultWriter *writer, const char *account, const char *mailbox,
                                 const MailboxState *state, GError **error)
{
    if (!writer_sound(writer, error))
        return FALSE;
    BatchMailbox *made = g_new0(BatchMailbox, 1);
    const PlaceName *place = writer_place(writer, account, mailbox);
    memcpy(made->account_mac, place->account_mac, MAC_SIZE);
    memcpy(made->name_mac, place->mailbox_mac, MAC_SIZE);
    made->uidvalidity = state->uidvalidity;
    made->modseq = state->modseq;
    made->covered = g_array_copy(state->covered);
    batch_set_mailbox(writer->batch, made);
    return TRUE;
}

static gboolean read_account(Vault *vault, const guint8 mac[static MAC_SIZE], AccountStat *stat,
                             GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = sql_look_up(vault, SQL_ACCOUNT, mac, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    memset(stat, 0, sizeof *stat);
    if (row) {
        stat->last_sync = sqlite3_column_int64(statement, 1);
        stat->outcome = sqlite3_column_int(statement, 2);
        guint64 arrivals = (guint64)sqlite3_column_int64(statement, 3);
        guint64 indexed = (guint64)sqlite3_column_int64(statement, 4);
        stat->messages = (guint64)sqlite3_column_int64(statement, 5);
        /* Some of what arrived may be gone again. */
        stat->unindexed = MIN(arrivals - indexed, stat->messages);
    }
    sqlite3_reset(statement);
    return TRUE;
}

gboolean vault_account_stat(Vault *vault, const Secret *match_key, const char *account,
                            AccountStat *stat, GError **error)
{
    guint8 mac[MAC_SIZE];
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "account", account, "", mac);
    return read_account(vault, mac, stat, error);
}

gboolean vault_messages(VaultWriter *writer, const char *account, guint64 *messages, GError **error)
{
    AccountStat stat;
    const PlaceName *place = writer_place(writer, account, "");
    if (!read_account(writer->vault, place->account_mac, &stat, error))
        return FALSE;
    *messages = stat.messages;
    return TRUE;
}

gboolean vault_note_indexed(Vault *vault, gint64 sequence, GError **error)
{
    return sql_run(vault, SQL_LAZY, error) && sql_run_with(vault, SQL_SET_INDEXED, sequence, error);
}
