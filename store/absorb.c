/* See absorb.h. */
#include "store/absorb.h"

#include "core/error.h"
#include "crypto/pgp.h"
#include "store/absorb-ahead.h"
#include "store/compact.h"
#include "store/index-tags.h"
#include "store/tagrules.h"
#include "store/vault-record.h"
#include "store/vault-session.h"
#include "store/vault-tags.h"

#define RECORDS_A_COMMIT 500
#define SECONDS_A_COMMIT 2
#define RECORDS_A_REPORT 50
#define COMMITS_A_MERGE 250 /* where their segments gather */
#define RECORDS_AHEAD 32    /* that wait for their message */
#define AHEAD_FROM 24       /* records: for fewer no thread is worth its while */
#define MANY_MESSAGES 2000  /* after which the index is made tidy */

typedef struct {
    Vault *vault;
    const Secret *vault_private;
    Index *index;
    const AbsorbOptions *options;
    AbsorbReader reader;
    gint64 stamp;        /* of the private keys that are here (pgp_secrets_stamp) */
    GError *broken;      /* the transaction could not be ended before somebody was asked */
    AbsorbAhead *ahead;  /* reads messages before it is their turn; NULL: each in its turn */
    GQueue waiting;      /* Waiting: records whose turn comes */
    gint64 start, total; /* the position before, and the records behind it */
    gint64 done;         /* sequence of the last record that is in the index */
    guint open;          /* steps in the running transaction; 0 when there is none */
    gint64 began;        /* when it began, monotonic */
    gboolean torn;       /* the last step may be in by halves */
    GArray *fresh;       /* FreshRow: messages of that transaction that rules are asked about */
    Vault *beside;       /* where rules write, while `vault` is read; NULL until then */
    gboolean wrote;      /* they have, since the last replay began */
    gboolean most;       /* most of what the index will hold comes now */
    guint gathered;      /* commits since their segments were merged */
    gboolean past;       /* a record behind the last that is wanted was met */
    guint64 added;
    GError *late;      /* the first damaged message: told when everything else is in */
    GPtrArray *opened; /* Opened: what the vault could not be told yet */
} Absorption;

/* A message that was opened, and how it opens again. */
typedef struct {
    char id[17];
    SessionKeys *keys;
} Opened;

static void opened_free(gpointer data)
{
    Opened *opened = data;
    session_keys_free(opened->keys);
    g_free(opened);
}

/* A record, copied. */
typedef struct {
    JournalRecord record;
    gboolean asked; /* its message is being read ahead */
} Waiting;

static void waiting_free(gpointer data)
{
    Waiting *waiting = data;
    arrival_clear(&waiting->record.arrival);
    g_free(waiting);
}

/* Somebody else may be writing to the vault, or it may not be written to at all: then the keys
 * wait, and in the end are forgotten, since the mail is there still. */
static void keep_session_keys(Absorption *self)
{
    if (self->options->aside)
        return;
    while (self->opened->len > 0) {
        const Opened *opened = self->opened->pdata[self->opened->len - 1];
        if (!vault_keep_session_keys(self->vault, self->vault_private, opened->id, opened->keys,
                                     NULL))
            return;
        g_ptr_array_set_size(self->opened, (int)self->opened->len - 1);
    }
}

/* --- transactions of the index ------------------------------------------------------------- */

/* Another process may have absorbed in the meantime: only inside the transaction is it sure. */
static gboolean step_begin(Absorption *self, GError **error)
{
    if (self->open == 0) {
        if (!index_begin(self->index, error))
            return FALSE;
        self->done = MAX(self->done, index_position(self->index));
        self->began = g_get_monotonic_time();
    }
    self->open++;
    return TRUE;
}

static gboolean ask_rules(Absorption *self, GError **error)
{
    gboolean wrote;
    if (self->fresh->len == 0)
        return TRUE;
    if (self->beside == NULL && (self->beside = vault_again(self->vault, error)) == NULL)
        return FALSE;
    gboolean fine = tagrules_apply(self->options->rules, self->beside, self->index, self->fresh,
                                   self->done, &wrote, error);
    g_array_set_size(self->fresh, 0);
    self->wrote |= fine && wrote;
    return fine;
}

/* What rules give is in the vault before the index counts these messages as known. */
static gboolean commit(Absorption *self, GError **error)
{
    self->open = 0;
    if (!ask_rules(self, error)) {
        index_rollback(self->index);
        return FALSE;
    }
    if (!index_commit(self->index, self->done, error))
        return FALSE;
    keep_session_keys(self);
    if (!self->most || ++self->gathered < COMMITS_A_MERGE)
        return TRUE;
    self->gathered = 0;
    return index_merge(self->index, error);
}

/* Others get in while somebody looks for his passphrase. */
static void leave_while_asking(gpointer user)
{
    Absorption *self = user;
    if (self->open > 0 && pgp_may_ask())
        (void)commit(self, &self->broken);
}

static gboolean unbroken(Absorption *self, GError **error)
{
    if (self->broken == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&self->broken));
    return FALSE;
}

static void note_fresh(Absorption *self, gint64 row, gint64 sequence)
{
    const FreshRow fresh = {row, sequence};
    g_array_append_val(self->fresh, fresh);
}

static gboolean step_end(Absorption *self, GError **error)
{
    gint64 age = g_get_monotonic_time() - self->began;
    return (self->open < RECORDS_A_COMMIT && age < SECONDS_A_COMMIT * G_USEC_PER_SEC) ||
           commit(self, error);
}

/* Ends the last transaction. What came whole before a failure is kept. */
static gboolean settle(Absorption *self, gboolean fine, GError **error)
{
    if (self->open == 0)
        return fine;
    if (fine)
        return commit(self, error);
    if (self->torn || !commit(self, NULL))
        index_rollback(self->index);
    self->open = 0;
    return FALSE;
}

/* --- the journal --------------------------------------------------------------------------- */

/* What was found out about it is the reader's; the rest is the run's. */
static void take_notes(Absorption *self, const char *id, AbsorbRead *read)
{
    if (read->opened) {
        Opened *opened = g_new0(Opened, 1);
        g_strlcpy(opened->id, id, sizeof opened->id);
        opened->keys = g_steal_pointer(&read->opened);
        g_ptr_array_add(self->opened, opened);
    }
    if (read->damage && self->late == NULL)
        self->late = g_steal_pointer(&read->damage);
}

/* Which keys were tried in vain: 0 when they were locked. */
static gint64 tried(const Absorption *self, Waits waits)
{
    return waits == WAITS_MISSING ? self->stamp : 0;
}

static gboolean add_message(Absorption *self, const JournalRecord *record, AbsorbRead *read,
                            GError **error)
{
    take_notes(self, record->id, read);
    self->torn = !index_add(self->index, record, read->doc, read->size, error) ||
                 (read->waits &&
                  !index_defer(self->index, record, read->doc, tried(self, read->waits), error));
    self->added++;
    note_fresh(self, record->row, record->sequence);
    return !self->torn;
}

static gboolean read_and_add(Absorption *self, const JournalRecord *record, GError **error)
{
    g_auto(AbsorbRead) read = {.doc = NULL};
    if (!absorb_read(&self->reader, record->id, record->singly ? LOOK_SINGLY : LOOK_NEW, &read,
                     error) ||
        !unbroken(self, error))
        return FALSE;
    if (self->open == 0) { /* somebody was asked, and somebody else may have been here */
        if (!step_begin(self, error))
            return FALSE;
        if (record->sequence <= self->done || index_has(self->index, record->row))
            return TRUE;
    }
    return add_message(self, record, &read, error);
}

static gboolean add_arrival(Absorption *self, const JournalRecord *record, GError **error)
{
    self->torn = !index_add(self->index, record, NULL, 0, error);
    return !self->torn;
}

/* Of a message that is in the index. */
static gboolean add_change(Absorption *self, const JournalRecord *record, GError **error)
{
    Index *index = self->index;
    if (record->removed)
        self->torn = !index_remove(index, record->row, error);
    else if (record->kind == JOURNAL_FLAGS)
        self->torn = !index_set_flags(index, record, error);
    else if (record->kind == JOURNAL_TAGS)
        self->torn = !index_tag(index, record, error);
    else
        self->torn =
            !(record->kind == JOURNAL_GONE ? index_gone : index_only)(index, record, error);
    return !self->torn;
}

static gboolean arrives(const JournalRecord *record)
{
    return record->kind == JOURNAL_ARRIVAL || record->kind == JOURNAL_IMPORT;
}

/* READ: its message, when that was read ahead; else NULL. */
static gboolean add_record(Absorption *self, const JournalRecord *record, AbsorbRead *read,
                           GError **error)
{
    gboolean has = index_has(self->index, record->row);
    /* The last of its records finds it removed; the others may do so, too. */
    if (record->removed || !arrives(record))
        return !has || add_change(self, record, error);
    if (record->disowned)
        return TRUE;
    return has    ? add_arrival(self, record, error)
           : read ? add_message(self, record, read, error)
                  : read_and_add(self, record, error);
}

static void report(const Absorption *self, gint64 sequence)
{
    gint64 done = sequence - self->start;
    if (self->options->progress && done <= self->total &&
        (done % RECORDS_A_REPORT == 0 || sequence == self->start + self->total))
        self->options->progress(self->options->user, (guint64)done, (guint64)self->total);
}

static gboolean absorb_now(Absorption *self, const JournalRecord *record, AbsorbRead *read,
                           GError **error)
{
    if (!step_begin(self, error))
        return FALSE;
    if (record->sequence > self->done) {
        if (!add_record(self, record, read, error))
            return FALSE;
        self->done = MAX(self->done, record->sequence);
    }
    report(self, record->sequence);
    return step_end(self, error);
}

/* The record whose turn it is. */
static gboolean absorb_next(Absorption *self, GError **error)
{
    Waiting *waiting = g_queue_pop_head(&self->waiting);
    g_auto(AbsorbRead) read = {.doc = NULL};
    gboolean fine = (!waiting->asked || ahead_take(self->ahead, &read, error)) &&
                    unbroken(self, error) &&
                    absorb_now(self, &waiting->record, waiting->asked ? &read : NULL, error);
    waiting_free(waiting);
    return fine;
}

static gboolean is_waiting(const Absorption *self, gint64 row)
{
    for (const GList *at = self->waiting.head; at; at = at->next)
        if (((const Waiting *)at->data)->record.row == row)
            return TRUE;
    return FALSE;
}

/* Only a guess: what is right in its turn is decided then. */
static gboolean is_new(const Absorption *self, const JournalRecord *record)
{
    return arrives(record) && !record->removed && !record->disowned &&
           !is_waiting(self, record->row) && !index_has(self->index, record->row);
}

static gboolean absorb_record(gpointer user, const JournalRecord *record, GError **error)
{
    Absorption *self = user;
    self->past = self->options->until > 0 && record->sequence > self->options->until;
    if (self->past)
        return FALSE;
    if (self->ahead == NULL)
        return absorb_now(self, record, NULL, error);
    Waiting *waiting = g_new0(Waiting, 1);
    waiting->record = *record;
    waiting->record.arrival = arrival_copy(&record->arrival);
    waiting->asked = is_new(self, record);
    if (waiting->asked)
        ahead_ask(self->ahead, record->id, record->singly ? LOOK_SINGLY : LOOK_NEW);
    g_queue_push_tail(&self->waiting, waiting);
    return self->waiting.length < RECORDS_AHEAD || absorb_next(self, error);
}

/* All records from where the index stands. */
static gboolean absorb_records(Absorption *self, GError **error)
{
    if (self->total >= AHEAD_FROM && (self->ahead = ahead_new(&self->reader, error)) == NULL)
        return FALSE;
    gboolean fine =
        vault_replay(self->vault, self->vault_private, self->done, absorb_record, self, error) ||
        self->past;
    while (fine && self->waiting.length > 0)
        fine = absorb_next(self, error);
    g_queue_clear_full(&self->waiting, waiting_free);
    if (self->ahead)
        self->reader.rules.way = ahead_free(g_steal_pointer(&self->ahead));
    return fine;
}

/* --- messages that waited for a key -------------------------------------------------------- */

/* WAITED: what was tried in vain before. */
static gboolean fill_in(Absorption *self, gint64 row, gint64 waited, const char *id, GError **error)
{
    g_auto(AbsorbRead) read = {.doc = NULL};
    if (!absorb_read(&self->reader, id, LOOK_AGAIN, &read, error) || !unbroken(self, error))
        return FALSE;
    take_notes(self, id, &read);
    if (read.waits && waited == tried(self, read.waits))
        return TRUE;
    if (!step_begin(self, error))
        return FALSE;
    self->torn = read.waits ? !index_defer_on(self->index, row, tried(self, read.waits), error)
                            : !index_settle(self->index, row, read.doc, error);
    if (!read.waits)
        note_fresh(self, row, G_MAXINT64);
    return !self->torn && step_end(self, error);
}

static gboolean fill_all(Absorption *self, GError **error)
{
    Deferred next = {0};
    while (self->reader.rules.share == INDEX_FULL && self->reader.rules.way != OPEN_NOT) {
        if (!index_deferred(self->index, self->stamp, &next, error))
            return FALSE;
        if (next.row == 0)
            break;
        if (!fill_in(self, next.row, next.tried, next.id, error))
            return FALSE;
    }
    return TRUE;
}

/* Where the index at least doubles, its words are merged once, at the end; so they are where a
 * replay like that was killed. */
static gboolean look_ahead(Absorption *self, GError **error)
{
    gint64 newest;
    gboolean expects;
    char id[17];
    if (self->most || self->options->aside || self->total == 0)
        return TRUE;
    if (!index_newest(self->index, &newest, id, error) ||
        !index_expects_many(self->index, &expects, error))
        return FALSE;
    self->most = expects || (self->total >= MANY_MESSAGES && self->total >= newest);
    return self->most == expects || index_expect_many(self->index, error);
}

/* One replay from where the index stands. */
static gboolean replay(Absorption *self, GError **error)
{
    gint64 end;
    self->wrote = FALSE;
    if (!vault_journal_end(self->vault, &end, error))
        return FALSE;
    if (self->options->until > 0)
        end = MIN(end, self->options->until);
    self->total = MAX(end - self->start, 0);
    gboolean fine = look_ahead(self, error) && (end <= self->done || absorb_records(self, error)) &&
                    fill_all(self, error);
    return settle(self, fine, error);
}

/* After so many messages the merges of the word index have left pages free, up to a tenth. Little
 * is lost where that fails: what comes next is written there. */
static void settle_many(Absorption *self)
{
    g_autoptr(GError) failure = NULL;
    if (self->most)
        (void)!index_compact(self->index, NULL, NULL, &failure);
    else if (self->added >= MANY_MESSAGES && !self->options->aside)
        (void)!index_shrink(self->index, NULL, NULL, &failure);
}

/* What rules wrote comes in by a further one. */
static gboolean replay_all(Absorption *self, GError **error)
{
    do {
        if (!replay(self, error))
            return FALSE;
    } while (self->wrote);
    settle_many(self);
    return self->total == 0 || self->options->aside ||
           vault_note_indexed(self->vault, self->done, error);
}

gboolean absorb(Vault *vault, const Secret *vault_private, Index *index,
                const AbsorbOptions *options, guint64 *added, GError **error)
{
    g_autoptr(GPtrArray) opened = g_ptr_array_new_with_free_func(opened_free);
    Absorption self = {.vault = vault,
                       .vault_private = vault_private,
                       .index = index,
                       .options = options,
                       .reader = {vault,
                                  vault_private,
                                  {options->share, options->aside         ? OPEN_AGAIN
                                                   : options->may_decrypt ? OPEN_ANY
                                                                          : OPEN_NOT},
                                  options->hear},
                       .stamp = options->may_decrypt ? pgp_secrets_stamp() : 0,
                       .waiting = G_QUEUE_INIT,
                       .start = index_position(index),
                       .opened = opened};
    self.reader.rules.asking = leave_while_asking;
    self.reader.rules.user = &self;
    /* Else what comes next into the vault would be taken for known. */
    if (!absorb_fits(vault, index, error) || (options->share != INDEX_FULL && !options->aside &&
                                              !vault_forget_session_keys(vault, error)))
        return FALSE;
    self.done = self.start;
    self.fresh = g_array_new(FALSE, FALSE, sizeof(FreshRow));
    gboolean fine = replay_all(&self, error);
    keep_session_keys(&self);
    g_array_unref(self.fresh);
    vault_close(self.beside);
    if (added)
        *added = self.added;
    if (!fine || self.late == NULL) {
        g_clear_error(&self.late);
        return fine;
    }
    g_propagate_error(error, self.late);
    return FALSE;
}
