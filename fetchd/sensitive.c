/* See sensitive.h: the judgement. */
#include "fetchd/sensitive.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/message.h"

#define SHOWN_COLUMNS 60
#define FIRST_LINES 4096 /* bytes of a text in which armor may begin */

void verdict_clear(Verdict *verdict)
{
    g_free(verdict->keys);
    g_free(verdict->why);
    memset(verdict, 0, sizeof *verdict);
}

gboolean sensitive_has_key(const Config *config, const Account *account, GError **error)
{
    return config->sensitive->len == 0 || sensitive_needs_key(account, error);
}

gboolean sensitive_needs_key(const Account *account, GError **error)
{
    if (account->key)
        return TRUE;
    g_autofree char *name = text_field(account->name);
    return refuse(error, POSTERN_ERROR_POLICY, "sensitive.key",
                  "add a line: key = FINGERPRINT, of your OpenPGP key",
                  "there are [sensitive] rules, and account \"%s\" names no key to seal to", name);
}

GStrv sensitive_keys(const Config *config, const Account *account)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    g_strv_builder_add(keys, account->key);
    g_strv_builder_addv(keys, (const char **)config->company.recovery_keys);
    return g_strv_builder_end(keys);
}

typedef enum { NO, YES, UNDECIDED } Answer;

/* One message, and what rules ask of it, worked out once. */
typedef struct {
    const JudgedPlace *place;
    GBytes *head;
    Message *message; /* NULL until a rule asks */
    char *text;       /* of all its text parts, likewise */
    gboolean cut;     /* HEAD is not all of it */
} Judged;

/* One rule over it. */
typedef struct {
    Judged *judged;
    const SensitiveRule *rule;
    GString *keys, *why;
} Trial;

static const Message *message_of(Judged *judged)
{
    if (judged->message == NULL)
        judged->message = message_parse(judged->head);
    return judged->message;
}

static const char *text_of(Judged *judged)
{
    if (judged->text == NULL) {
        g_autoptr(IndexDoc) doc = message_index_doc(message_of(judged));
        judged->text = g_strdup(doc->body);
    }
    return judged->text;
}

/* --- what is told -------------------------------------------------------------------------- */

static void tell(Trial *trial, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void tell(Trial *trial, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(trial->keys, "%s%s", trial->keys->len > 0 ? ", " : "", key);
    g_string_append(trial->why, trial->why->len > 0 ? "; " : "");
    g_string_append_vprintf(trial->why, format, args);
    va_end(args);
}

static char *shown(const char *foreign)
{
    g_autofree char *safe = text_field(foreign);
    return text_fit(safe, SHOWN_COLUMNS);
}

/* KEY, whose value is GLOB, fits FOUND. */
static Answer told(Trial *trial, const char *key, const char *found, const char *glob)
{
    g_autofree char *safe = shown(found);
    g_autofree char *wanted = shown(glob);
    tell(trial, key, "%s: \"%s\" fits %s", key, safe, wanted);
    return YES;
}

static Answer undecided(Trial *trial, const char *key, const char *reason)
{
    tell(trial, key, "%s: %s, so it counts", key, reason);
    return UNDECIDED;
}

/* --- the header ---------------------------------------------------------------------------- */

static gboolean head_ends(GBytes *head)
{
    gsize size;
    const char *data = g_bytes_get_data(head, &size);
    return (size > 0 && data[0] == '\n') || (size > 1 && memcmp(data, "\r\n", 2) == 0) ||
           memmem(data, size, "\n\n", 2) || memmem(data, size, "\n\r\n", 3);
}

/* Nothing in the fields that were read fits: but were they all? */
static Answer not_there(Trial *trial, const char *key)
{
    Judged *judged = trial->judged;
    if ((judged->cut && !head_ends(judged->head)) || message_truncated(message_of(judged)))
        return undecided(trial, key, "there is more in its header than is read");
    return NO;
}

/* A value as it is compared: white space, of folding too, is one blank. */
static char *plain_value(const char *value)
{
    g_auto(GStrv) words = g_strsplit_set(value, " \t\r\n", -1);
    GString *plain = g_string_new(NULL);
    for (char **word = words; *word; word++)
        if (**word)
            g_string_append_printf(plain, "%s%s", plain->len > 0 ? " " : "", *word);
    return g_string_free(plain, FALSE);
}

static Answer any_glob(Trial *trial, const char *key, char *const *globs, const char *found)
{
    for (; *globs; globs++)
        if (glob_match(*globs, found))
            return told(trial, key, found, *globs);
    return NO;
}

static Answer judge_from(Trial *trial)
{
    static const char *const fields[] = {"From", "Sender"};
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GPtrArray) boxes = message_addresses(message_of(trial->judged), fields[i]);
        for (guint at = 0; at < boxes->len; at++)
            if (any_glob(trial, "from", trial->rule->from, ((Mailbox *)boxes->pdata[at])->address))
                return YES;
        if (boxes->len >= LIMIT_MAILBOXES_READ)
            return undecided(trial, "from", "it has more senders than are read");
    }
    return not_there(trial, "from");
}

/* "FIELD: GLOB" against FIELD. */
static Answer judge_field(Trial *trial, const HeaderField *field, const char *item)
{
    gsize length = strcspn(item, ":");
    const char *glob = item + length + 1 + strspn(item + length + 1, " \t");
    if (strlen(field->name) != length || g_ascii_strncasecmp(field->name, item, length) != 0)
        return NO;
    g_autofree char *value = plain_value(field->value);
    return glob_match(glob, value) ? told(trial, "header", value, item) : NO;
}

static Answer judge_header(Trial *trial)
{
    const Message *message = message_of(trial->judged);
    for (guint i = 0; i < message_header_count(message); i++)
        for (char **item = trial->rule->header; *item; item++)
            if (judge_field(trial, message_header_at(message, i), *item))
                return YES;
    return not_there(trial, "header");
}

/* Of "Name <list.corp.example>" what stands between < and >. */
static char *list_id(const char *value)
{
    const char *open = strrchr(value, '<');
    g_autofree char *id = open ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(value);
    return plain_value(id);
}

static Answer judge_list(Trial *trial)
{
    const Message *message = message_of(trial->judged);
    for (guint i = 0; i < message_header_count(message); i++) {
        const HeaderField *field = message_header_at(message, i);
        if (g_ascii_strcasecmp(field->name, "List-Id") != 0)
            continue;
        g_autofree char *id = list_id(field->value);
        if (any_glob(trial, "list", trial->rule->list, id))
            return YES;
    }
    return not_there(trial, "list");
}

static Answer judge_subject(Trial *trial)
{
    const Message *message = message_of(trial->judged);
    for (guint i = 0; i < message_header_count(message); i++) {
        const HeaderField *field = message_header_at(message, i);
        if (g_ascii_strcasecmp(field->name, "Subject") != 0)
            continue;
        g_autofree char *value = plain_value(field->value);
        PatternAnswer answer = pattern_search(trial->rule->subject, value);
        if (answer == PATTERN_UNDECIDED)
            return undecided(trial, "subject", "the pattern takes too long");
        if (answer == PATTERN_YES)
            return told(trial, "subject", value, "the pattern");
    }
    return not_there(trial, "subject");
}

/* --- the body ------------------------------------------------------------------------------ */

/* Armor among the first lines of a message that is one text. */
static gboolean is_inline(const Message *message)
{
    g_autofree char *text = message_part_text(message, 1);
    if (text == NULL)
        return FALSE;
    const char *armor = g_strstr_len(text, FIRST_LINES, "-----BEGIN PGP MESSAGE-----");
    return armor && (armor == text || armor[-1] == '\n');
}

static gboolean is_enveloped(const Message *message, guint n)
{
    const char *type = message_part(message, n)->type;
    if (strcmp(type, "application/pkcs7-mime") != 0 &&
        strcmp(type, "application/x-pkcs7-mime") != 0)
        return FALSE;
    g_autofree char *kind = message_part_parameter(message, n, "smime-type");
    return kind == NULL || (g_ascii_strcasecmp(kind, "signed-data") != 0 &&
                            g_ascii_strcasecmp(kind, "certs-only") != 0);
}

/* At the root, below what a mailing list or a server put around it, or taken apart by one. */
static gboolean has_encrypted_part(const Message *message)
{
    static const char *const types[] = {"multipart/encrypted", "application/pgp-encrypted", NULL};
    for (guint n = 1; n <= message_part_count(message); n++)
        if (g_strv_contains(types, message_part(message, n)->type) || is_enveloped(message, n))
            return TRUE;
    return FALSE;
}

static Answer judge_encrypted(Trial *trial)
{
    const Message *message = message_of(trial->judged);
    if (has_encrypted_part(message) || is_inline(message)) {
        tell(trial, "encrypted", "encrypted: it arrived so");
        return YES;
    }
    return not_there(trial, "encrypted");
}

static Answer judge_body(Trial *trial)
{
    Judged *judged = trial->judged;
    switch (pattern_search(trial->rule->body, text_of(judged))) {
    case PATTERN_YES: tell(trial, "body", "body: its text fits the pattern"); return YES;
    case PATTERN_UNDECIDED: return undecided(trial, "body", "the pattern takes too long");
    case PATTERN_NO: break;
    }
    if (judged->cut)
        return undecided(trial, "body", "it is longer than what is looked at");
    return message_truncated(message_of(judged))
               ? undecided(trial, "body", "there is more in it than is read")
               : NO;
}

/* --- where it lies ------------------------------------------------------------------------- */

static Answer judge_account(Trial *trial)
{
    const char *account = trial->judged->place->account;
    for (char **name = trial->rule->accounts; account && *name; name++)
        if (g_str_equal(*name, account))
            return told(trial, "account", account, *name);
    return NO;
}

static Answer judge_folder(Trial *trial)
{
    const char *mailbox = trial->judged->place->mailbox;
    return mailbox ? any_glob(trial, "folder", trial->rule->folders, mailbox) : NO;
}

static Answer judge_larger(Trial *trial)
{
    guint64 size = trial->judged->place->size;
    if (size <= trial->rule->larger)
        return NO;
    tell(trial, "larger", "larger: it has %" G_GUINT64_FORMAT " bytes", size);
    return YES;
}

/* --- the whole ----------------------------------------------------------------------------- */

/* The cheap ones first. What would fit but for one undecided key counts; what one key excludes for
 * certain does not. */
static gboolean fits(Trial *trial)
{
    const SensitiveRule *rule = trial->rule;
    const struct {
        gboolean given;
        Answer (*judge)(Trial *trial);
    } keys[] = {
        {rule->accounts != NULL, judge_account}, {rule->folders != NULL, judge_folder},
        {rule->larger > 0, judge_larger},        {rule->from != NULL, judge_from},
        {rule->list != NULL, judge_list},        {rule->header != NULL, judge_header},
        {rule->subject != NULL, judge_subject},  {rule->encrypted, judge_encrypted},
        {rule->body != NULL, judge_body},
    };
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i].given && keys[i].judge(trial) == NO)
            return FALSE;
    return TRUE;
}

static void try_rule(Judged *judged, const SensitiveRule *rule, Verdict *verdict)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    g_autoptr(GString) why = g_string_new(NULL);
    Trial trial = {.judged = judged, .rule = rule, .keys = keys, .why = why};
    /* It could only say what is said already. */
    if ((verdict->sensitive && rule->index >= verdict->index) || !fits(&trial))
        return;
    verdict_clear(verdict);
    *verdict = (Verdict){.sensitive = TRUE,
                         .index = rule->index,
                         .rule = rule->name,
                         .keys = g_strdup(keys->str),
                         .why = g_strdup(why->str)};
}

void sensitive_judge(const GPtrArray *rules, const JudgedPlace *place, GBytes *head,
                     Verdict *verdict)
{
    Judged judged = {.place = place, .head = head, .cut = g_bytes_get_size(head) < place->size};
    *verdict = (Verdict){.index = INDEX_FULL};
    for (guint i = 0; i < rules->len; i++)
        try_rule(&judged, rules->pdata[i], verdict);
    message_free(judged.message);
    g_free(judged.text);
}
