/* See composing.h. */
#include "cli/composing.h"

#include <string.h>

#include "cli/delivery.h"
#include "cli/editor.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

typedef enum { ANSWER_NONE, ANSWER_SEND, ANSWER_EDIT, ANSWER_KEEP, ANSWER_DROP } Answer;

typedef struct {
    Context *context;
    Posting posting;
    Draft *draft;
    VaultDraft *row;
    GBytes *text;    /* as it lies in the vault */
    Answer answer;   /* the last one */
    gboolean anyway; /* see composing_start() */
    gboolean asks;   /* there is somebody to ask */
} Composing;

static void composing_clear(Composing *self)
{
    draft_free(self->draft);
    vault_draft_free(self->row);
    g_clear_pointer(&self->text, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Composing, composing_clear)

/* --- the draft in the vault ----------------------------------------------------------------- */

static gboolean save(Composing *self, GBytes *text, gboolean parts, GError **error)
{
    g_autoptr(GBytes) enclosed = parts ? draft_parts(self->draft) : NULL;
    if (!vault_draft_save(self->context->vault, self->row, text, enclosed, error))
        return FALSE;
    g_bytes_ref(text);
    g_bytes_unref(self->text);
    self->text = text;
    return TRUE;
}

/* What fails here is tried again when the editor has ended. */
static void note_saved(gpointer user, GBytes *text)
{
    Composing *self = user;
    if (!g_bytes_equal(text, self->text))
        (void)!save(self, text, FALSE, NULL);
}

static void tell_state(const Composing *self, const char *state, const char *id)
{
    if (!self->context->json)
        return;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "state", state);
    json_string(builder, "draft", id);
    json_builder_end_object(builder);
    output_json(builder);
}

static char *way_on(const Composing *self)
{
    return g_strdup_printf("'postern draft edit %s' goes on with it", vault_draft_id(self->row));
}

static void note_kept(const Composing *self, const char *before)
{
    g_autofree char *way = way_on(self);
    output_note("%skept as draft %s; %s", before, vault_draft_id(self->row), way);
}

static int keep(const Composing *self)
{
    note_kept(self, "not sent: ");
    tell_state(self, "draft", vault_draft_id(self->row));
    return POSTERN_ANSWER_NO;
}

static int drop(Composing *self, const char *words, GError **error)
{
    if (!vault_draft_drop(self->context->vault, self->row, error))
        return POSTERN_ERROR_STORE;
    output_note("nothing is sent: %s", words);
    tell_state(self, "dropped", NULL);
    return POSTERN_ANSWER_NO;
}

/* --- asking --------------------------------------------------------------------------------- */

static Answer understood(const char *word)
{
    static const struct {
        const char *word;
        Answer answer;
    } words[] = {{"send", ANSWER_SEND},
                 {"edit", ANSWER_EDIT},
                 {"keep", ANSWER_KEEP},
                 {"draft", ANSWER_KEEP},
                 {"drop", ANSWER_DROP}};
    g_autofree char *lower = g_ascii_strdown(word, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(lower, words[i].word) == 0 ||
            (strlen(lower) == 1 && *lower == *words[i].word && i != 3))
            return words[i].answer;
    return ANSWER_NONE;
}

/* Where nobody answers any more it is kept. */
static Answer ask(gboolean may_send)
{
    const char *question = may_send ? "send, edit, keep as draft, or drop? (s/e/k/d)"
                                    : "edit it, keep it as draft, or drop it? (e/k/d)";
    for (;;) {
        g_autofree char *word = NULL;
        if (!terminal_ask(question, NULL, &word))
            return ANSWER_KEEP;
        Answer answer = word ? understood(word) : ANSWER_NONE;
        if (answer != ANSWER_NONE && (may_send || answer != ANSWER_SEND))
            return answer;
    }
}

static void show_mailboxes(const char *name, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = mailboxes->pdata[i];
        g_autofree char *person = mailbox->name ? text_field(mailbox->name) : g_strdup("");
        g_autofree char *address = text_address(mailbox->address);
        output_note("%s: %s%s<%s>", name, person, *person ? " " : "", address);
    }
}

static void show_letter(const Letter *letter, const Protect *protect)
{
    g_autofree char *from = text_address(letter->from->address);
    g_autofree char *subject = text_field(letter->subject);
    output_note("From: <%s>", from);
    show_mailboxes("To", letter->to);
    show_mailboxes("Cc", letter->cc);
    show_mailboxes("Bcc", letter->bcc);
    output_note("Subject: %s", *subject ? subject : "(none)");
    for (guint i = 0; i < letter->enclosures->len; i++) {
        const Enclosure *part = letter->enclosures->pdata[i];
        g_autofree char *name = text_name(part->filename ? part->filename : "attachment");
        g_autofree char *size = g_format_size(g_bytes_get_size(part->bytes));
        output_note("Enclosed: %s, %s", name, size);
    }
    output_note("it leaves %s%s%s", delivery_protection(protect), protect->in_clear ? ": " : "",
                protect->in_clear ? protect->in_clear->message : "");
}

static gboolean confirm(gpointer user, const Letter *letter, const Protect *protect)
{
    Composing *self = user;
    show_letter(letter, protect);
    self->answer = ask(TRUE);
    return self->answer == ANSWER_SEND;
}

/* --- editing -------------------------------------------------------------------------------- */

static gboolean take_text(Composing *self, const EditPlace *place, GError **error)
{
    g_autoptr(GBytes) text = editplace_read(place->file, error);
    if (text == NULL)
        return FALSE;
    return g_bytes_equal(text, self->text) || save(self, text, FALSE, error);
}

/* What was saved is in the vault, and nothing of it in memory, on return; but when the vault
 * cannot be written it stays where it is. */
static gboolean edit(Composing *self, gboolean *changed, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(self->text, &size);
    g_autofree char *before = g_strndup(data ? data : "", size);
    g_autoptr(GError) failure = NULL, lost = NULL;
    EditPlace place = {NULL, NULL, NULL};
    *changed = FALSE;
    if (!editplace_make(&place, vault_draft_id(self->row), before, error))
        return FALSE;
    gboolean fine = editor_run(&place, note_saved, self, &failure);
    gboolean taken = take_text(self, &place, &lost);
    data = g_bytes_get_data(self->text, &size);
    *changed = size != strlen(before) || memcmp(data, before, size) != 0;
    if (lost && lost->code == POSTERN_ERROR_STORE) {
        g_prefix_error(&lost, "the text stays in %s: ", place.file);
        editplace_clear(&place);
    } else {
        editplace_remove(&place);
    }
    if (fine && taken)
        return TRUE;
    g_propagate_error(error, fine ? g_steal_pointer(&lost) : g_steal_pointer(&failure));
    return FALSE;
}

/* --- sending -------------------------------------------------------------------------------- */

static gboolean settle(Composing *self, char *settled, GError **error)
{
    g_autoptr(GBytes) text = g_bytes_new_take(settled, strlen(settled));
    return g_bytes_equal(text, self->text) || save(self, text, TRUE, error);
}

static Posting posting_of(Composing *self, PostedDraft *posted)
{
    Posting posting = self->posting;
    const Draft *draft = self->draft;
    posting.wishes.encrypt = posting.wishes.encrypt ? posting.wishes.encrypt : draft->encrypt;
    posting.wishes.sign = posting.wishes.sign ? posting.wishes.sign : draft->sign;
    posting.wishes.because = draft->because;
    posting.notice.when = posting.notice.when ? posting.notice.when : draft->notices;
    posting.draft = posting.dry_run ? NULL : posted;
    posting.ask = self->asks ? confirm : NULL;
    posting.user = self;
    return posting;
}

/* The exit code, POSTING_NOT with the answer, or *error. */
static int try_to_send(Composing *self, GError **error)
{
    const Account *account;
    char *settled = NULL;
    g_autoptr(Letter) letter =
        draft_letter(self->draft, self->context->config, self->text, &account, &settled, error);
    if (letter == NULL || !settle(self, settled, error))
        return POSTERN_ERROR_INPUT;
    if (draft_is_empty(letter)) {
        refuse(error, POSTERN_ERROR_INPUT, "draft.empty", "write a text, or attach something",
               "the letter is empty");
        return POSTERN_ERROR_INPUT;
    }
    g_autoptr(GBytes) head = draft_head(self->draft), parts = draft_parts(self->draft);
    const DraftContent content = {head, self->text, parts};
    PostedDraft posted = {self->row, &content, FALSE};
    const Posting posting = posting_of(self, &posted);
    int code = posting_run(self->context, account, letter, &posting, error);
    if (code != POSTING_NOT && (posted.returned || posting.dry_run) && *error == NULL)
        note_kept(self, "");
    return code;
}

/* What is wrong, and what to do; FALSE: nobody can be asked. */
static gboolean ask_after(Composing *self, GError *failure)
{
    if (!self->asks)
        return FALSE;
    g_autofree char *words = postern_error_words(failure);
    output_note("%s", words);
    self->answer = ask(FALSE);
    return TRUE;
}

/* An empty text is as good as none. */
static gboolean is_blank(GBytes *text)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isspace(data[i]))
            return FALSE;
    return TRUE;
}

static gboolean end_interrupted(const Composing *self, GError *failure, GError **error)
{
    g_autofree char *mend = way_on(self);
    postern_error_set_mend(failure, mend);
    g_propagate_error(error, failure);
    return FALSE;
}

/* One round of the editor. FALSE: it is over, with *code or *error. */
static gboolean edit_round(Composing *self, gboolean first, int *code, GError **error)
{
    GError *failure = NULL;
    gboolean changed;
    *code = POSTERN_ERROR_INPUT;
    gboolean fine = edit(self, &changed, &failure);
    gboolean untouched = first && !changed;
    if (fine && untouched && !self->anyway) {
        *code = drop(self, "nothing was changed", error);
        return FALSE;
    }
    if (fine && is_blank(self->text)) {
        *code = drop(self, "the text is empty", error);
        return FALSE;
    }
    self->answer = ANSWER_SEND;
    if (fine)
        return TRUE;
    if (untouched) {
        if (vault_draft_drop(self->context->vault, self->row, NULL))
            g_propagate_error(error, failure);
        else
            end_interrupted(self, failure, error);
        return FALSE;
    }
    if (was_interrupted(failure) || failure->code == POSTERN_ERROR_STORE)
        return end_interrupted(self, failure, error);
    (void)!ask_after(self, failure);
    g_error_free(failure);
    return TRUE;
}

static int compose(Composing *self, gboolean fresh, GError **error)
{
    gboolean first = fresh;
    int code = POSTERN_ERROR_INPUT;
    for (;;) {
        if (self->answer == ANSWER_EDIT && !edit_round(self, first, &code, error))
            return code;
        first = FALSE;
        if (self->answer == ANSWER_KEEP)
            return keep(self);
        if (self->answer == ANSWER_DROP)
            return drop(self, "the letter is dropped", error);
        if (self->answer == ANSWER_EDIT)
            continue;
        GError *failure = NULL;
        code = try_to_send(self, &failure);
        if (failure && !ask_after(self, failure)) {
            g_propagate_error(error, failure);
            return code;
        }
        g_clear_error(&failure);
        if (self->answer == ANSWER_SEND)
            return code;
    }
}

/* --- beginning ------------------------------------------------------------------------------ */

/* A draft lies under the vault's key, which may not open what is sealed singly. */
static gboolean may_be_draft(const Posting *posting, GError **error)
{
    return !posting->wishes.sensitive ||
           refuse(
               error, POSTERN_ERROR_POLICY, "draft.sensitive",
               "give the text with --body FILE, or with --body - from standard input",
               "the letter fits a rule for sensitive mail, and the draft of an answer would not be "
               "sealed as it is");
}

int composing_start(Context *context, const Letter *letter, const Posting *posting, gboolean anyway,
                    GError **error)
{
    g_auto(Composing) self = {.context = context,
                              .posting = *posting,
                              .answer = ANSWER_EDIT,
                              .anyway = anyway,
                              .asks = TRUE};
    char *text = NULL;
    if (!may_be_draft(posting, error) || !editplace_possible(error) ||
        !composing_recover(context, error))
        return POSTERN_ERROR_POLICY;
    self.draft = draft_from(letter, posting, &text, error);
    if (self.draft == NULL)
        return POSTERN_ERROR_INPUT;
    self.posting.wishes.encrypt = self.posting.wishes.sign = WISH_AUTO;
    self.text = g_bytes_new_take(text, strlen(text));
    g_autoptr(GBytes) head = draft_head(self.draft), parts = draft_parts(self.draft);
    const DraftContent content = {head, self.text, parts};
    self.row = vault_draft_new(context->vault, &content, error);
    return self.row ? compose(&self, TRUE, error) : POSTERN_ERROR_STORE;
}

gboolean composing_no_draft(const char *id, GError **error)
{
    g_autofree char *shown = word_shown(id);
    return refuse(error, POSTERN_ERROR_INPUT, "draft.id", "'postern draft' lists them",
                  "there is no draft %s", shown);
}

int composing_resume(Context *context, const char *id, const Posting *posting, gboolean edit_it,
                     GError **error)
{
    g_auto(Composing) self = {.context = context,
                              .posting = *posting,
                              .answer = edit_it ? ANSWER_EDIT : ANSWER_SEND,
                              .asks = edit_it};
    g_auto(DraftContent) content = {NULL, NULL, NULL};
    GError *failure = NULL;
    if (edit_it && !editplace_possible(error))
        return POSTERN_ERROR_POLICY;
    self.row = vault_draft_claim(context->vault, id, &failure);
    if (self.row == NULL) {
        if (failure)
            g_propagate_error(error, failure);
        else
            composing_no_draft(id, error);
        return POSTERN_ERROR_INPUT;
    }
    if (!vault_draft_open(context->vault, context->vault_key, self.row, &content, error) ||
        (self.draft = draft_read(&content, error)) == NULL)
        return POSTERN_ERROR_STORE;
    self.text = g_bytes_ref(content.text);
    return compose(&self, FALSE, error);
}

/* --- what a killed process left ------------------------------------------------------------- */

typedef struct {
    const Context *context;
    GError *failure;
} Recovery;

static void recover(Recovery *self, VaultDraft *draft, EditPlace *place)
{
    editplace_settle(place);
    g_autoptr(GBytes) text = editplace_read(place->file, NULL);
    g_autoptr(GBytes) first = editplace_read(place->first, NULL);
    if (text && g_bytes_get_size(text) > 0 && first && !g_bytes_equal(text, first)) {
        if (!vault_draft_save(self->context->vault, draft, text, NULL, &self->failure))
            return;
        output_note("what stood in the editor when postern ended is kept as draft %s",
                    vault_draft_id(draft));
    }
    editplace_remove(place);
}

static void recover_place(gpointer user, const char *id, EditPlace *place)
{
    Recovery *self = user;
    g_autoptr(VaultDraft) draft =
        self->failure ? NULL : vault_draft_claim(self->context->vault, id, NULL);
    if (draft)
        recover(self, draft, place);
}

static gboolean sweep(gpointer user, const DraftEntry *entry, GError **error)
{
    const Context *context = user;
    g_autoptr(VaultDraft) draft =
        entry->touched || entry->busy ? NULL : vault_draft_claim(context->vault, entry->id, NULL);
    return draft == NULL || vault_draft_drop(context->vault, draft, error);
}

gboolean composing_recover(const Context *context, GError **error)
{
    Recovery self = {context, NULL};
    editplace_each(recover_place, &self);
    if (self.failure) {
        g_propagate_error(error, self.failure);
        return FALSE;
    }
    return vault_draft_list(context->vault, NULL, sweep, (gpointer)context, error);
}
