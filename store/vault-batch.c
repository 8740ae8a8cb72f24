/* See vault-batch.h: the batch in memory. What it does on disk stands in vault-commit.c. */
#include "store/vault-batch.h"

#include <string.h>

#include "core/limits.h"
#include "store/vault-commit.h"

void batch_message_free(BatchMessage *message)
{
    if (message == NULL)
        return;
    g_clear_pointer(&message->share, g_bytes_unref);
    g_clear_pointer(&message->single, g_bytes_unref);
    secret_wipe(message, sizeof *message);
    g_free(message);
}

void batch_arrival_free(BatchArrival *arrival)
{
    if (arrival) {
        g_clear_pointer(&arrival->record, g_bytes_unref);
        g_free(arrival->import);
    }
    g_free(arrival);
}

void batch_flags_free(BatchFlags *flags)
{
    if (flags)
        g_clear_pointer(&flags->record, g_bytes_unref);
    g_free(flags);
}

void batch_mailbox_free(BatchMailbox *mailbox)
{
    if (mailbox)
        g_clear_pointer(&mailbox->covered, g_array_unref);
    g_free(mailbox);
}

void batch_skip_free(BatchSkip *skip)
{
    if (skip)
        g_clear_pointer(&skip->record, g_bytes_unref);
    g_free(skip);
}

/* Identities are HMACs: no sender can choose what they hash to. */
static guint identity_hash(gconstpointer identity)
{
    guint hash;
    memcpy(&hash, identity, sizeof hash);
    return hash;
}

static gboolean identity_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, MAC_SIZE) == 0;
}

Batch *batch_new(Vault *vault, Mac *digest)
{
    Batch *batch = g_new0(Batch, 1);
    batch->vault = vault;
    batch->digest = digest;
    batch->messages = g_ptr_array_new_with_free_func((GDestroyNotify)batch_message_free);
    batch->by_identity = g_hash_table_new(identity_hash, identity_equal);
    batch->arrivals = g_ptr_array_new_with_free_func((GDestroyNotify)batch_arrival_free);
    batch->flags = g_ptr_array_new_with_free_func((GDestroyNotify)batch_flags_free);
    batch->mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)batch_mailbox_free);
    batch->skips = g_ptr_array_new_with_free_func((GDestroyNotify)batch_skip_free);
    batch->staged = g_byte_array_new();
    batch->chunks = g_array_new(FALSE, FALSE, sizeof(StagedChunk));
    return batch;
}

void batch_free(Batch *batch)
{
    if (batch == NULL)
        return;
    turn_stage(batch->vault->turn, -(gssize)batch->staged->len);
    batch_key_free(batch->key);
    g_hash_table_unref(batch->by_identity);
    g_ptr_array_unref(batch->arrivals);
    g_ptr_array_unref(batch->messages);
    g_ptr_array_unref(batch->flags);
    g_ptr_array_unref(batch->mailboxes);
    g_ptr_array_unref(batch->skips);
    g_byte_array_unref(batch->staged);
    g_array_unref(batch->chunks);
    g_free(batch);
}

gboolean batch_begin(Batch *batch, GError **error)
{
    if (batch->key)
        return TRUE;
    batch->began = g_get_monotonic_time();
    turn_begin(batch->vault->turn);
    batch->changes_before = turn_changes(batch->vault->turn);
    turn_end(batch->vault->turn);
    if (!vault_data_version(batch->vault, &batch->version_before, error))
        return FALSE;
    batch->key = batch_key_new(batch->vault->id, batch->vault->public_key, batch->ephemeral, error);
    return batch->key != NULL;
}

gboolean batch_stage(Batch *batch, BatchMessage *message, guint32 n, const guint8 *sealed,
                     gsize size, GError **error)
{
    StagedChunk chunk = {.message = message, .n = n, .at = batch->staged->len, .size = (guint)size};
    g_byte_array_append(batch->staged, sealed, (guint)size);
    g_array_append_val(batch->chunks, chunk);
    message->chunks = n + 1;
    message->bytes += size;
    gssize all = turn_stage(batch->vault->turn, (gssize)size);
    return batch->whole ||
           (batch->staged->len < LIMIT_STAGE_BYTES && all < LIMIT_ALL_STAGED_BYTES) ||
           batch_spill(batch, error);
}

gboolean batch_unstage(Batch *batch, BatchMessage *message, GError **error)
{
    guint keep = batch->chunks->len;
    while (keep > 0 && g_array_index(batch->chunks, StagedChunk, keep - 1).message == message)
        keep--;
    if (keep < batch->chunks->len) {
        guint at = g_array_index(batch->chunks, StagedChunk, keep).at;
        turn_stage(batch->vault->turn, (gssize)at - (gssize)batch->staged->len);
        g_byte_array_set_size(batch->staged, at);
        g_array_set_size(batch->chunks, keep);
    }
    return message->row == 0 || batch_drop_row(batch, message->row, error);
}

gboolean batch_find(Batch *batch, const guint8 identity[static MAC_SIZE], BatchMessage **found,
                    GError **error)
{
    *found = g_hash_table_lookup(batch->by_identity, identity);
    return *found != NULL || batch_find_stored(batch, identity, found, error);
}

void batch_add(Batch *batch, BatchMessage *message)
{
    g_ptr_array_add(batch->messages, message);
    if (!message->known)
        g_hash_table_insert(batch->by_identity, message->identity, message);
}

void batch_arrive(Batch *batch, BatchArrival *arrival)
{
    g_ptr_array_add(batch->arrivals, arrival);
}

/* A batch holds a few hundred. */
static guint find_flags(const Batch *batch, gint64 mailbox, guint32 uid)
{
    guint i = 0;
    for (; i < batch->flags->len; i++) {
        const BatchFlags *flags = g_ptr_array_index(batch->flags, i);
        if (flags->uid == uid && flags->mailbox == mailbox)
            break;
    }
    return i;
}

void batch_set_flags(Batch *batch, BatchFlags *flags)
{
    guint at = find_flags(batch, flags->mailbox, flags->uid);
    if (at < batch->flags->len)
        g_ptr_array_remove_index(batch->flags, at);
    g_ptr_array_add(batch->flags, flags);
}

const BatchFlags *batch_flags(const Batch *batch, gint64 mailbox, guint32 uid)
{
    guint at = find_flags(batch, mailbox, uid);
    return at < batch->flags->len ? g_ptr_array_index(batch->flags, at) : NULL;
}

void batch_set_mailbox(Batch *batch, BatchMailbox *mailbox)
{
    for (guint i = 0; i < batch->mailboxes->len; i++) {
        BatchMailbox *old = g_ptr_array_index(batch->mailboxes, i);
        if (memcmp(old->name_mac, mailbox->name_mac, MAC_SIZE) == 0) {
            g_ptr_array_remove_index_fast(batch->mailboxes, i);
            break;
        }
    }
    g_ptr_array_add(batch->mailboxes, mailbox);
}

const BatchMailbox *batch_mailbox(const Batch *batch, const guint8 name_mac[static MAC_SIZE])
{
    for (guint i = 0; i < batch->mailboxes->len; i++) {
        const BatchMailbox *mailbox = g_ptr_array_index(batch->mailboxes, i);
        if (memcmp(mailbox->name_mac, name_mac, MAC_SIZE) == 0)
            return mailbox;
    }
    return NULL;
}

gboolean batch_is_empty(const Batch *batch)
{
    return batch->arrivals->len == 0 && batch->flags->len == 0 && batch->mailboxes->len == 0 &&
           batch->skips->len == 0;
}
