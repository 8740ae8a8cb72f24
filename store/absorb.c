/* See absorb.h. */
#include "store/absorb.h"

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-cert.h"
#include "crypto/pgp.h"
#include "mime/autocrypt.h"
#include "store/absorb-doc.h"
#include "store/index-tags.h"
#include "store/tagrules.h"
#include "store/vault-session.h"
#include "store/vault-single.h"
#include "store/vault-tags.h"

#define RECORDS_A_COMMIT 500
#define SECONDS_A_COMMIT 2
#define RECORDS_A_REPORT 50

typedef struct {
    Vault *vault;
    const Secret *vault_private;
    Index *index;
    const AbsorbOptions *options;
    AbsorbRules rules;
    gint64 stamp;        /* of the private keys that are here (pgp_secrets_stamp) */
    GError *broken;      /* the transaction could not be ended before somebody was asked */
    gint64 start, total; /* the position before, and the records behind it */
    gint64 done;         /* sequence of the last record that is in the index */
    guint open;          /* steps in the running transaction; 0 when there is none */
    gint64 began;        /* when it began, monotonic */
    gboolean torn;       /* the last step may be in by halves */
    GArray *fresh;       /* FreshRow: messages of that transaction that rules are asked about */
    Vault *beside;       /* where rules write, while `vault` is read; NULL until then */
    gboolean wrote;      /* they have, since the last replay began */
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
    return TRUE;
}

/* Others get in while somebody looks for his passphrase. */
static void leave_while_asking(gpointer user)
{
    Absorption *self = user;
    if (self->open > 0 && pgp_may_ask())
        (void)commit(self, &self->broken);
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

/* --- one message --------------------------------------------------------------------------- */

/* The head of a message for the index, and its whole size. Half a ciphertext opens nothing. */
static GBytes *read_head(Source *source, const AbsorbRules *rules, guint64 *size, GError **error)
{
    g_autoptr(GByteArray) head = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(LIMIT_CHUNK);
    gsize limit = LIMIT_INDEX_BYTES;
    gssize got;
    *size = 0;
    while ((got = source_read(source, buffer, LIMIT_CHUNK, error)) > 0) {
        if (*size <= limit && *size + (gsize)got > limit && limit == LIMIT_INDEX_BYTES &&
            absorb_wants_whole(head->data, head->len, rules))
            limit = LIMIT_VIEW_BYTES;
        gsize room = limit - head->len;
        g_byte_array_append(head, buffer, (guint)MIN((gsize)got, room));
        *size += (guint64)got;
    }
    return got < 0 ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&head));
}

/* One damaged message must not hide all the others; trouble with the store itself ends the run. */
gboolean absorb_is_damage(const GError *error)
{
    static const char *const rules[] = {"vault.damage", "vault.wrap", "vault.batch",
                                        "vault.record"};
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_strcmp0(postern_error_rule(error), rules[i]) == 0)
            return TRUE;
    return FALSE;
}

/* What was kept of an earlier opening; a set also where nothing was, NULL where nothing is to be
 * kept. FALSE with *error. */
static gboolean kept_keys(Absorption *self, const char *id, SessionKeys **keys, GError **error)
{
    GError *failure = NULL;
    *keys = NULL;
    if (self->rules.share != INDEX_FULL || self->rules.way == OPEN_NOT)
        return TRUE;
    *keys = vault_session_keys(self->vault, self->vault_private, id, &failure);
    if (failure)
        g_propagate_error(error, failure);
    return failure == NULL;
}

static void note_opened(Absorption *self, const char *id, SessionKeys *keys)
{
    Opened *opened = g_new0(Opened, 1);
    g_strlcpy(opened->id, id, sizeof opened->id);
    opened->keys = keys;
    g_ptr_array_add(self->opened, opened);
}

/* Of a key that comes with MAIL, what belongs to its sender; NULL where there is not just one. */
static CarriedKey *carried_in(GBytes *mail)
{
    g_autoptr(CarriedKey) carried = autocrypt_read(mail);
    g_autoptr(GPtrArray) keys =
        carried ? pgp_cert_sift(carried->key, carried->address, NULL) : NULL;
    if (keys == NULL || keys->len != 1)
        return NULL;
    g_bytes_unref(carried->key);
    carried->key = g_bytes_ref(keys->pdata[0]);
    return g_steal_pointer(&carried);
}

static IndexDoc *open_by(Absorption *self, const char *id, AbsorbRules *rules, SessionKeys *keys,
                         guint64 *size, Waits *waits, GError **error)
{
    g_autoptr(Source) source = vault_message(self->vault, self->vault_private, id, error);
    g_autoptr(GBytes) mail = source ? read_head(source, rules, size, error) : NULL;
    g_autoptr(IndexDoc) doc = mail ? absorb_doc(mail, rules, keys, waits) : NULL;
    if (self->broken) {
        g_propagate_error(error, g_steal_pointer(&self->broken));
        return NULL;
    }
    if (doc && self->options->hear)
        doc->carried = carried_in(mail);
    return g_steal_pointer(&doc);
}

/* With AGAIN it is known by its header: where the key is locked, and nothing was kept of an earlier
 * opening, nothing of it is read, and it waits on. */
static IndexDoc *open_message(Absorption *self, const char *id, gboolean again, guint64 *size,
                              Waits *waits, GError **error)
{
    g_autoptr(SessionKeys) keys = NULL;
    if (!kept_keys(self, id, &keys, error))
        return NULL;
    AbsorbRules rules = self->rules;
    if (rules.way == OPEN_AGAIN && !session_keys_any(keys)) {
        rules.way = OPEN_NOT;
        *waits = WAITS_LOCKED;
        if (again)
            return index_doc_new();
    }
    IndexDoc *doc = open_by(self, id, &rules, keys, size, waits, error);
    if (rules.way == OPEN_AGAIN)
        self->rules.way = OPEN_AGAIN;
    if (session_keys_grew(keys))
        note_opened(self, id, g_steal_pointer(&keys));
    return doc;
}

/* What may be known of one that is sealed singly lies beside it: it is never opened for the index.
 */
static IndexDoc *open_share(Absorption *self, const char *id, guint64 *size, GError **error)
{
    g_autoptr(IndexDoc) doc = vault_share(self->vault, self->vault_private, id, size, error);
    return doc ? absorb_share(g_steal_pointer(&doc), &self->rules, size) : NULL;
}

/* How a message is looked at: as a new one, a new one that is sealed singly, or one that waits. */
typedef enum { LOOK_NEW, LOOK_SINGLY, LOOK_AGAIN } Look;

static IndexDoc *read_message(Absorption *self, const char *id, Look look, guint64 *size,
                              Waits *waits, GError **error)
{
    g_autoptr(GError) failure = NULL;
    *size = 0;
    *waits = WAITS_NOT;
    IndexDoc *doc = look == LOOK_SINGLY
                        ? open_share(self, id, size, &failure)
                        : open_message(self, id, look == LOOK_AGAIN, size, waits, &failure);
    if (doc)
        return doc;
    /* Removed since its record was read; the record that says so follows. */
    if (g_strcmp0(postern_error_rule(failure), "message.id") == 0)
        return index_doc_new();
    if (!absorb_is_damage(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (self->late == NULL)
        self->late = g_steal_pointer(&failure);
    doc = index_doc_new();
    doc->sensitive = look == LOOK_SINGLY;
    return doc;
}

/* --- the journal --------------------------------------------------------------------------- */

/* Which keys were tried in vain: 0 when they were locked. */
static gint64 tried(const Absorption *self, Waits waits)
{
    return waits == WAITS_MISSING ? self->stamp : 0;
}

static gboolean add_message(Absorption *self, const JournalRecord *record, GError **error)
{
    guint64 size;
    Waits waits;
    g_autoptr(IndexDoc) doc = read_message(
        self, record->id, record->singly ? LOOK_SINGLY : LOOK_NEW, &size, &waits, error);
    if (doc == NULL)
        return FALSE;
    if (self->open == 0) { /* somebody was asked, and somebody else may have been here */
        if (!step_begin(self, error))
            return FALSE;
        if (record->sequence <= self->done || index_has(self->index, record->row))
            return TRUE;
    }
    self->torn = !index_add(self->index, record, doc, size, error) ||
                 (waits && !index_defer(self->index, record, doc, tried(self, waits), error));
    self->added++;
    note_fresh(self, record->row, record->sequence);
    return !self->torn;
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

static gboolean add_record(Absorption *self, const JournalRecord *record, GError **error)
{
    gboolean has = index_has(self->index, record->row);
    gboolean arrives = record->kind == JOURNAL_ARRIVAL || record->kind == JOURNAL_IMPORT;
    /* The last of its records finds it removed; the others may do so, too. */
    if (record->removed || !arrives)
        return !has || add_change(self, record, error);
    if (record->disowned)
        return TRUE;
    return has ? add_arrival(self, record, error) : add_message(self, record, error);
}

static void report(const Absorption *self, gint64 sequence)
{
    gint64 done = sequence - self->start;
    if (self->options->progress && done <= self->total &&
        (done % RECORDS_A_REPORT == 0 || sequence == self->start + self->total))
        self->options->progress(self->options->user, (guint64)done, (guint64)self->total);
}

static gboolean absorb_record(gpointer user, const JournalRecord *record, GError **error)
{
    Absorption *self = user;
    self->past = self->options->until > 0 && record->sequence > self->options->until;
    if (self->past || !step_begin(self, error))
        return FALSE;
    if (record->sequence > self->done) {
        if (!add_record(self, record, error))
            return FALSE;
        self->done = MAX(self->done, record->sequence);
    }
    report(self, record->sequence);
    return step_end(self, error);
}

/* --- messages that waited for a key -------------------------------------------------------- */

/* WAITED: what was tried in vain before. */
static gboolean fill_in(Absorption *self, gint64 row, gint64 waited, const char *id, GError **error)
{
    guint64 size;
    Waits waits;
    g_autoptr(IndexDoc) doc = read_message(self, id, LOOK_AGAIN, &size, &waits, error);
    if (doc == NULL)
        return FALSE;
    if (waits && waited == tried(self, waits))
        return TRUE;
    if (!step_begin(self, error))
        return FALSE;
    self->torn = waits ? !index_defer_on(self->index, row, tried(self, waits), error)
                       : !index_settle(self->index, row, doc, error);
    if (!waits)
        note_fresh(self, row, G_MAXINT64);
    return !self->torn && step_end(self, error);
}

static gboolean fill_all(Absorption *self, GError **error)
{
    Deferred next = {0};
    while (self->rules.share == INDEX_FULL && self->rules.way != OPEN_NOT) {
        if (!index_deferred(self->index, self->stamp, &next, error))
            return FALSE;
        if (next.row == 0)
            break;
        if (!fill_in(self, next.row, next.tried, next.id, error))
            return FALSE;
    }
    return TRUE;
}

gboolean absorb_fits(Vault *vault, Index *index, GError **error)
{
    gint64 end, row;
    char id[17];
    gboolean has = TRUE;
    if (!vault_journal_end(vault, &end, error) || !index_newest(index, &row, id, error) ||
        (row > 0 && !vault_has_message(vault, row, id, &has, error)))
        return FALSE;
    return (has && index_position(index) <= end) ||
           refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
                  "the index is newer than the vault: one of them was put back from a backup");
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
    gboolean fine =
        (end <= self->done ||
         vault_replay(self->vault, self->vault_private, self->done, absorb_record, self, error) ||
         self->past) &&
        fill_all(self, error);
    return settle(self, fine, error);
}

/* What rules wrote comes in by a further one. */
static gboolean replay_all(Absorption *self, GError **error)
{
    do {
        if (!replay(self, error))
            return FALSE;
    } while (self->wrote);
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
                       .rules = {options->share, options->aside         ? OPEN_AGAIN
                                                 : options->may_decrypt ? OPEN_ANY
                                                                        : OPEN_NOT},
                       .stamp = options->may_decrypt ? pgp_secrets_stamp() : 0,
                       .start = index_position(index),
                       .opened = opened};
    self.rules.asking = leave_while_asking;
    self.rules.user = &self;
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
