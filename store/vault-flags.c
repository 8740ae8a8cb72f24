/* See vault-place.h: what is on the server, as it was told. */
#include "store/vault-place.h"

#include <string.h>

#include "core/base32.h"
#include "store/vault-commit.h"
#include "store/vault-record.h"
#include "store/vault-writer.h"

/* What is known of one UID; row 0 for nothing. */
typedef struct {
    gint64 row;
    guint8 id[MESSAGE_ID_SIZE];
    guint8 flags[FLAGS_MAC_SIZE];
} Placed;

static gboolean find(Vault *vault, gint64 mailbox, guint32 uid, Placed *placed, GError **error)
{
    gboolean row;
    memset(placed, 0, sizeof *placed);
    sqlite3_stmt *statement = vault_sql(vault, SQL_PLACEMENT, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, mailbox);
    sql_int(statement, 2, uid);
    if (!sql_row(vault, statement, &row, error))
        return FALSE;
    const guint8 *flags = row ? sql_column(statement, 1, FLAGS_MAC_SIZE) : NULL;
    const guint8 *id = row ? sql_column(statement, 2, MESSAGE_ID_SIZE) : NULL;
    if (id) {
        placed->row = sqlite3_column_int64(statement, 0);
        memcpy(placed->id, id, MESSAGE_ID_SIZE);
        if (flags)
            memcpy(placed->flags, flags, FLAGS_MAC_SIZE);
    }
    sqlite3_reset(statement);
    return !row || id || vault_damaged(vault, "a message has no id", error);
}

static gboolean change(VaultWriter *writer, const Placed *placed, BatchFlags *made,
                       const Arrival *arrival, GError **error)
{
    if (!batch_begin(writer->batch, error)) {
        batch_flags_free(made);
        return FALSE;
    }
    g_autoptr(GBytes) plain = journal_pack(JOURNAL_FLAGS, arrival);
    made->row = placed->row;
    made->record = message_record_seal(writer->batch->key, RECORD_JOURNAL, placed->id, plain);
    batch_set_flags(writer->batch, made);
    return TRUE;
}

gboolean vault_set_flags(VaultWriter *writer, const char *account, const char *mailbox, guint32 uid,
                         GStrv flags, GError **error)
{
    MailboxRow row;
    Placed placed;
    guint8 mac[FLAGS_MAC_SIZE];
    const PlaceName *place = writer_place(writer, account, mailbox);
    if (!writer_sound(writer, error) ||
        !vault_mailbox_row(writer->vault, place->mailbox_mac, &row, error) ||
        !find(writer->vault, row.id, uid, &placed, error))
        return FALSE;
    const BatchFlags *pending = batch_flags(writer->batch, row.id, uid);
    flags_mac(writer->names, place->mailbox_mac, uid, flags, mac);
    if (placed.row == 0 ||
        memcmp(mac, pending ? pending->flags_mac : placed.flags, FLAGS_MAC_SIZE) == 0)
        return TRUE;
    BatchFlags *made = g_new0(BatchFlags, 1);
    made->mailbox = row.id;
    made->uid = uid;
    memcpy(made->flags_mac, mac, FLAGS_MAC_SIZE);
    const Arrival arrival = {.account = account, .mailbox = mailbox, .uid = uid, .flags = flags};
    return change(writer, &placed, made, &arrival, error);
}

gboolean vault_uids(VaultWriter *writer, const char *account, const char *mailbox, guint32 after,
                    guint limit, GArray *uids, GError **error)
{
    MailboxRow mailbox_row;
    gboolean row, fine;
    Vault *vault = writer->vault;
    const PlaceName *place = writer_place(writer, account, mailbox);
    sqlite3_stmt *statement = vault_sql(vault, SQL_UIDS, error);
    if (statement == NULL || !vault_mailbox_row(vault, place->mailbox_mac, &mailbox_row, error))
        return FALSE;
    sql_int(statement, 1, mailbox_row.id);
    sql_int(statement, 2, after);
    sql_int(statement, 3, limit);
    while ((fine = sql_row(vault, statement, &row, error)) && row) {
        guint32 uid = (guint32)sqlite3_column_int64(statement, 0);
        g_array_append_val(uids, uid);
    }
    sqlite3_reset(statement);
    return fine;
}

void vault_drop_flags(VaultWriter *writer)
{
    g_ptr_array_set_size(writer->batch->flags, 0);
}

gboolean vault_count_uids(VaultWriter *writer, const char *account, const char *mailbox,
                          const GArray *uids, guint64 *count, GError **error)
{
    MailboxRow mailbox_row;
    gboolean row;
    Vault *vault = writer->vault;
    const PlaceName *place = writer_place(writer, account, mailbox);
    sqlite3_stmt *statement = vault_sql(vault, SQL_COUNT_UIDS, error);
    *count = 0;
    if (statement == NULL || !vault_mailbox_row(vault, place->mailbox_mac, &mailbox_row, error))
        return FALSE;
    for (guint i = 0; i < uids->len; i++) {
        const UidRange *range = &g_array_index(uids, UidRange, i);
        sql_int(statement, 1, mailbox_row.id);
        sql_int(statement, 2, range->first);
        sql_int(statement, 3, range->last);
        if (!sql_row(vault, statement, &row, error))
            return FALSE;
        *count += row ? (guint64)sqlite3_column_int64(statement, 0) : 0;
        sqlite3_reset(statement);
    }
    return TRUE;
}
