/* See vault.h: messages into batches. */
#include "store/vault-writer.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/files.h"
#include "store/vault-commit.h"
#include "store/vault-record.h"
#include "store/vault-single.h"

/* --- the writer ---------------------------------------------------------------------------- */

/* What is to be done with a message once it is sealed. */
typedef struct {
    BatchMessage *message;
    BatchArrival *arrival; /* without its message and record; NULL: it was aborted */
    GBytes *journal;       /* the record's plaintext */
    GBytes *share;         /* of one to be sealed singly, or NULL */
} Ending;

static void ending_free(Ending *ending)
{
    batch_message_free(ending->message);
    batch_arrival_free(ending->arrival);
    g_clear_pointer(&ending->journal, g_bytes_unref);
    g_clear_pointer(&ending->share, g_bytes_unref);
    g_free(ending);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ending, ending_free)

/* A failed write leaves memory and disk apart: nothing more may be written. */
static gboolean broken(VaultWriter *writer)
{
    writer->broken = TRUE;
    return FALSE;
}

static gboolean take_chunk(gpointer user, BatchMessage *message, guint32 n, const guint8 *sealed,
                           gsize size, GError **error)
{
    VaultWriter *writer = user;
    return batch_stage(writer->batch, message, n, sealed, size, error);
}

/* A new one, with its SHARE where it is to be sealed singly. */
static BatchMessage *add_new(Batch *batch, Ending *ending)
{
    BatchMessage *message = g_steal_pointer(&ending->message);
    if (ending->share) {
        message->singly = TRUE;
        message->share = message_record_seal(batch->key, RECORD_SHARE, message->id, ending->share);
    }
    batch_add(batch, message);
    return message;
}

static gboolean settle_arrival(Batch *batch, Ending *ending, GError **error)
{
    BatchMessage *found;
    if (!batch_find(batch, ending->message->identity, &found, error))
        return FALSE;
    if (found == NULL)
        found = add_new(batch, ending);
    else if (!batch_unstage(batch, ending->message, error))
        return FALSE;
    BatchArrival *arrival = g_steal_pointer(&ending->arrival);
    arrival->message = found;
    arrival->record = message_record_seal(batch->key, RECORD_JOURNAL, found->id, ending->journal);
    batch_arrive(batch, arrival);
    return TRUE;
}

static gboolean take_end(gpointer user, BatchMessage *message, gboolean whole, GError **error)
{
    VaultWriter *writer = user;
    g_autoptr(Ending) ending = g_queue_pop_head(&writer->endings);
    return whole ? settle_arrival(writer->batch, ending, error)
                 : batch_unstage(writer->batch, message, error);
}

static VaultWriter *new_writer(Vault *vault, VaultTurn *turn, const Secret *match_key)
{
    static const SealingTaker taker = {.chunk = take_chunk, .ended = take_end};
    VaultWriter *writer = g_new0(VaultWriter, 1);
    vault->turn = turn;
    writer->vault = vault;
    writer->names = name_key_new(match_key);
    writer->identity = mac_new(secret_bytes(match_key), secret_size(match_key));
    writer->chunks = digest_new(match_key);
    writer->digest = digest_new(match_key);
    writer->sealing = sealing_new(vault->id, match_key, &taker, writer);
    writer->batch = batch_new(vault, writer->digest);
    writer->committed = g_ptr_array_new_with_free_func((GDestroyNotify)batch_message_free);
    return writer;
}

VaultWriter *vault_writer_new(Vault *vault, const Secret *match_key, GError **error)
{
    VaultTurn *turn = turn_take(vault->dir, error);
    if (turn == NULL)
        return NULL;
    g_autoptr(VaultWriter) writer = new_writer(vault, turn, match_key);
    return vault_sweep(vault, 0, error) ? g_steal_pointer(&writer) : NULL;
}

VaultWriter *writer_alone(Vault *vault, const Secret *match_key)
{
    VaultWriter *writer = new_writer(vault, NULL, match_key);
    writer->batch->whole = TRUE;
    return writer;
}

VaultWriter *vault_writer_beside(const VaultWriter *first, const Secret *match_key, GError **error)
{
    Vault *vault = vault_open(first->vault->dir, error);
    if (vault == NULL)
        return NULL;
    VaultWriter *writer = new_writer(vault, turn_share(first->vault->turn), match_key);
    writer->own = vault;
    return writer;
}

void vault_writer_free(VaultWriter *writer)
{
    if (writer == NULL)
        return;
    gint64 spilled = writer->batch->whole ? 0 : writer->batch->id;
    sealing_free(writer->sealing);
    g_queue_clear_full(&writer->endings, (GDestroyNotify)ending_free);
    batch_message_free(writer->current);
    batch_free(writer->batch);
    /* Nobody sees what was spilled; a failure here only leaves it to the next writer. */
    if (spilled != 0)
        (void)!vault_sweep(writer->vault, spilled, NULL);
    g_ptr_array_unref(writer->committed);
    vault_close(writer->fresh);
    mac_free(writer->identity);
    mac_free(writer->chunks);
    mac_free(writer->digest);
    name_key_free(writer->names);
    g_strfreev(writer->keys);
    g_free(writer->place.account);
    g_free(writer->place.mailbox);
    turn_leave(g_steal_pointer(&writer->vault->turn));
    vault_close(writer->own);
    g_free(writer);
}

gboolean vault_writer_sound(const VaultWriter *writer)
{
    return !writer->broken;
}

gboolean writer_sound(VaultWriter *writer, GError **error)
{
    return !writer->broken || refuse(error, POSTERN_ERROR_STORE, "vault.write",
                                     "see that the disk is sound and has room, then run sync again",
                                     "an earlier write to the vault failed");
}

const PlaceName *writer_place(VaultWriter *writer, const char *account, const char *mailbox)
{
    PlaceName *place = &writer->place;
    if (g_strcmp0(place->account, account) == 0 && g_strcmp0(place->mailbox, mailbox) == 0)
        return place;
    g_free(place->account);
    g_free(place->mailbox);
    place->account = g_strdup(account);
    place->mailbox = g_strdup(mailbox);
    name_mac(writer->names, "account", account, "", place->account_mac);
    name_mac(writer->names, "mailbox", account, mailbox, place->mailbox_mac);
    return place;
}

static gboolean out_of_order(const char *what, GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "vault.order", NULL, "%s", what);
}

/* --- one message --------------------------------------------------------------------------- */

gboolean vault_message_start(VaultWriter *writer, GError **error)
{
    if (writer->current)
        return out_of_order("a message was started inside another", error);
    if (!writer_sound(writer, error) || !batch_begin(writer->batch, error))
        return FALSE;
    g_ptr_array_set_size(writer->committed, 0);
    BatchMessage *message = g_new0(BatchMessage, 1);
    random_bytes(message->id, sizeof message->id);
    random_bytes(message->key, sizeof message->key);
    writer->current = message;
    return sealing_start(writer->sealing, message, error) || broken(writer);
}

gboolean vault_message_write(VaultWriter *writer, const guint8 *data, gsize size, GError **error)
{
    if (writer->current == NULL)
        return out_of_order("bytes came outside a message", error);
    if (!writer_sound(writer, error))
        return FALSE;
    if (!sealing_write(writer->sealing, data, size, error))
        return broken(writer);
    writer->batch->received += size;
    return TRUE;
}

/* The message goes the same way as its bytes, and what is to be done with it waits for it. */
static gboolean end_current(VaultWriter *writer, Ending *ending, GError **error)
{
    ending->message = g_steal_pointer(&writer->current);
    g_queue_push_tail(&writer->endings, ending);
    return writer_sound(writer, error) &&
           (sealing_end(writer->sealing, ending->arrival != NULL, error) || broken(writer));
}

void vault_message_abort(VaultWriter *writer)
{
    if (writer->current)
        (void)!end_current(writer, g_new0(Ending, 1), NULL);
}

static gboolean usable(const Arrival *arrival)
{
    gsize account = strlen(arrival->account), mailbox = strlen(arrival->mailbox);
    gsize uidl = arrival->uidl ? strlen(arrival->uidl) : 0;
    return account > 0 && account <= LIMIT_MAILBOX_NAME && mailbox > 0 &&
           mailbox <= LIMIT_MAILBOX_NAME && uidl <= LIMIT_UIDL &&
           (arrival->uid != 0) + (uidl > 0) + (arrival->imported != NULL) == 1;
}

BatchArrival *batch_arrival_new(VaultWriter *writer, const Arrival *arrival)
{
    BatchArrival *made = g_new0(BatchArrival, 1);
    const PlaceName *place = writer_place(writer, arrival->account, arrival->mailbox);
    memcpy(made->account_mac, place->account_mac, MAC_SIZE);
    memcpy(made->mailbox_mac, place->mailbox_mac, MAC_SIZE);
    made->has_uidl = arrival->uidl != NULL;
    made->hand_on = arrival->hand_on;
    made->hand_on_singly = arrival->hand_on_singly;
    made->since = arrival->internaldate;
    made->uid = arrival->uid;
    if (arrival->imported)
        import_prepare(writer, arrival, made);
    else if (made->has_uidl)
        name_mac(writer->names, "uidl", arrival->account, arrival->uidl, made->uidl_mac);
    else
        flags_mac(writer->names, place->mailbox_mac, arrival->uid, arrival->flags, made->flags_mac);
    return made;
}

static Ending *ending_new(VaultWriter *writer, const Arrival *arrival, GBytes *share)
{
    Ending *ending = g_new0(Ending, 1);
    ending->arrival = batch_arrival_new(writer, arrival);
    ending->journal = journal_pack(arrival->imported ? JOURNAL_IMPORT : JOURNAL_ARRIVAL, arrival);
    ending->share = share ? g_bytes_ref(share) : NULL;
    return ending;
}

static gboolean finish(VaultWriter *writer, const Arrival *arrival, GBytes *share, GError **error)
{
    if (writer->current == NULL)
        return out_of_order("a message ended that had not begun", error);
    if (!usable(arrival))
        return refuse(error, POSTERN_ERROR_INPUT, "message.arrival",
                      "rename the folder on the server to something shorter",
                      "a message came without a usable folder name, UID or UIDL");
    if (share) {
        writer->batch->singles++;
        writer->batch->shares += g_bytes_get_size(share);
    }
    return end_current(writer, ending_new(writer, arrival, share), error);
}

gboolean vault_message_finish(VaultWriter *writer, const Arrival *arrival, GError **error)
{
    return finish(writer, arrival, NULL, error);
}

gboolean vault_message_finish_singly(VaultWriter *writer, const Arrival *arrival, GBytes *share,
                                     GError **error)
{
    return finish(writer, arrival, share, error);
}

/* --- the batch ----------------------------------------------------------------------------- */

gboolean vault_batch_due(const VaultWriter *writer)
{
    const Batch *batch = writer->batch;
    return batch->key &&
           (writer->endings.length + batch->arrivals->len + batch->flags->len + batch->skips->len >=
                LIMIT_BATCH_MESSAGES ||
            batch->received >= LIMIT_BATCH_BYTES || batch->singles >= LIMIT_BATCH_SINGLES ||
            batch->shares >= LIMIT_STAGE_BYTES ||
            g_get_monotonic_time() - batch->began >= LIMIT_BATCH_MS * 1000);
}

static void count(const Batch *batch, guint *stored, guint *known)
{
    guint new_ones = 0;
    for (guint i = 0; i < batch->messages->len; i++) {
        const BatchMessage *message = g_ptr_array_index(batch->messages, i);
        new_ones += !message->known;
    }
    if (stored)
        *stored = new_ones;
    if (known)
        *known = batch->arrivals->len - new_ones;
}

gboolean writer_settle(VaultWriter *writer, GError **error)
{
    if (!sealing_settle(writer->sealing, error))
        return broken(writer);
    return batch_is_empty(writer->batch) || batch_wrap(writer->batch, writer->keys, error) ||
           broken(writer);
}

gboolean vault_commit(VaultWriter *writer, guint *stored, guint *known, GError **error)
{
    if (writer->current)
        return out_of_order("a batch was committed inside a message", error);
    if (!writer_sound(writer, error))
        return FALSE;
    if (!writer_settle(writer, error))
        return FALSE;
    g_ptr_array_set_size(writer->committed, 0);
    if (!batch_is_empty(writer->batch) && !batch_store(writer->batch, error))
        return broken(writer);
    count(writer->batch, stored, known);
    if (batch_is_empty(writer->batch))
        return TRUE;
    GPtrArray *messages = g_steal_pointer(&writer->batch->messages);
    writer->batch->messages = g_steal_pointer(&writer->committed);
    writer->committed = messages;
    batch_free(writer->batch);
    writer->batch = batch_new(writer->vault, writer->digest);
    return TRUE;
}
