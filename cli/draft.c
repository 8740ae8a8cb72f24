/* See draft.h. */
#include "cli/draft.h"

#include <string.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/attachment.h"
#include "mime/draftform.h"
#include "policy/outgoing.h"

#define HEAD_VERSION 1
#define HINT                                                                                       \
    "# The fields end at the first empty line; the letter stands below it.\n"                      \
    "# Attach: PATH takes a file along; more lines of To, Cc, Bcc and Attach may be added.\n"

static void free_part(gpointer data)
{
    Enclosure *part = data;
    g_free(part->filename);
    g_free(part->type);
    g_bytes_unref(part->bytes);
    g_free(part);
}

Draft *draft_new(void)
{
    Draft *draft = g_new0(Draft, 1);
    draft->references = g_ptr_array_new_with_free_func(g_free);
    draft->parts = g_ptr_array_new_with_free_func(free_part);
    return draft;
}

void draft_free(Draft *draft)
{
    if (draft == NULL)
        return;
    g_free(draft->because);
    g_free(draft->sensitivity);
    g_free(draft->in_reply_to);
    g_ptr_array_unref(draft->references);
    g_ptr_array_unref(draft->parts);
    g_free(draft);
}

static void add_part(GPtrArray *parts, const char *filename, const char *type, GBytes *bytes)
{
    Enclosure *part = g_new0(Enclosure, 1);
    *part = (Enclosure){g_strdup(filename ? filename : "attachment"), g_strdup(type),
                        g_bytes_ref(bytes)};
    g_ptr_array_add(parts, part);
}

static guint64 size_of(const GPtrArray *parts)
{
    guint64 size = 0;
    for (guint i = 0; i < parts->len; i++)
        size += g_bytes_get_size(((const Enclosure *)parts->pdata[i])->bytes);
    return size;
}

static gboolean add_file(GPtrArray *parts, const char *path, GError **error)
{
    gboolean home = g_str_has_prefix(path, "~/");
    g_autofree char *full =
        home ? g_build_filename(g_get_home_dir(), path + 2, NULL) : g_strdup(path);
    g_autofree char *name = NULL, *type = NULL;
    g_autoptr(GBytes) bytes = attachment_read(full, &name, &type, error);
    if (bytes == NULL)
        return FALSE;
    add_part(parts, name, type, bytes);
    return size_of(parts) <= LIMIT_VIEW_BYTES ||
           refuse(error, POSTERN_ERROR_INPUT, "send.attachment", "send it in several letters",
                  "what is attached is larger than 256 MB altogether");
}

/* --- as text -------------------------------------------------------------------------------- */

/* As address_parse_list() reads it again, whatever a stranger calls himself. */
static char *written(const Mailbox *mailbox)
{
    if (mailbox->name == NULL || *mailbox->name == '\0')
        return g_strdup(mailbox->address);
    gboolean plain = TRUE;
    GString *name = g_string_new(NULL);
    for (const char *at = mailbox->name; *at; at++) {
        gboolean control = (guchar)*at < ' ' || *at == 127;
        plain = plain && !control && strchr("()<>[]:;@\\,.\"", *at) == NULL;
        if (*at == '"' || *at == '\\')
            g_string_append_c(name, '\\');
        g_string_append_c(name, control ? ' ' : *at);
    }
    const char *quote = plain ? "" : "\"";
    g_string_prepend(name, quote);
    g_string_append_printf(name, "%s <%s>", quote, mailbox->address);
    return g_string_free(name, FALSE);
}

static void add_mailboxes(DraftForm *form, DraftField field, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        g_autofree char *one = written(mailboxes->pdata[i]);
        draftform_add(form, field, one, 0);
    }
}

static void add_parts(DraftForm *form, const GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const Enclosure *part = parts->pdata[i];
        g_autofree char *name = text_name(part->filename);
        g_autofree char *line = g_strdup_printf("%u %s", i + 1, name);
        draftform_add(form, DRAFT_ENCLOSED, line, 0);
    }
}

static char *write_text(const Draft *draft, const DraftForm *form)
{
    g_autofree char *demand =
        draft->because ? g_strdup_printf(HINT "# It leaves encrypted: %s.\n", draft->because)
                       : g_strdup(HINT);
    return draftform_write(form, demand);
}

static char *first_text(const Draft *draft, const Letter *letter)
{
    g_autoptr(DraftForm) form = draftform_new();
    g_autofree char *from = written(letter->from);
    draftform_add(form, DRAFT_FROM, from, 0);
    add_mailboxes(form, DRAFT_TO, letter->to);
    add_mailboxes(form, DRAFT_CC, letter->cc);
    add_mailboxes(form, DRAFT_BCC, letter->bcc);
    draftform_add(form, DRAFT_SUBJECT, letter->subject ? letter->subject : "", 0);
    add_parts(form, draft->parts);
    form->body = g_strdup(letter->body);
    return write_text(draft, form);
}

Draft *draft_from(const Letter *letter, const Posting *posting, char **text, GError **error)
{
    g_autoptr(Draft) draft = draft_new();
    draft->encrypt = posting->wishes.encrypt;
    draft->sign = posting->wishes.sign;
    draft->notices = posting->notice.when;
    draft->because = g_strdup(posting->wishes.because);
    draft->sensitivity = g_strdup(letter->sensitivity);
    draft->in_reply_to = g_strdup(letter->in_reply_to);
    for (guint i = 0; i < letter->references->len; i++)
        g_ptr_array_add(draft->references, g_strdup(letter->references->pdata[i]));
    for (guint i = 0; i < letter->enclosures->len; i++) {
        const Enclosure *one = letter->enclosures->pdata[i];
        add_part(draft->parts, one->filename, one->type, one->bytes);
    }
    for (guint i = 0; i < letter->attachments->len; i++)
        if (!add_file(draft->parts, letter->attachments->pdata[i], error))
            return NULL;
    *text = first_text(draft, letter);
    return g_steal_pointer(&draft);
}

/* --- as bytes ------------------------------------------------------------------------------- */

GBytes *draft_head(const Draft *draft)
{
    GByteArray *out = g_byte_array_new();
    put_u8(out, HEAD_VERSION);
    put_u8(out, (guint8)draft->encrypt);
    put_u8(out, (guint8)draft->sign);
    put_u8(out, (guint8)draft->notices);
    put_string(out, draft->because);
    put_string(out, draft->sensitivity);
    put_string(out, draft->in_reply_to);
    put_u16(out, (guint16)draft->references->len);
    for (guint i = 0; i < draft->references->len; i++)
        put_string(out, draft->references->pdata[i]);
    return g_byte_array_free_to_bytes(out);
}

GBytes *draft_parts(const Draft *draft)
{
    GByteArray *out = g_byte_array_new();
    put_u16(out, (guint16)draft->parts->len);
    for (guint i = 0; i < draft->parts->len; i++) {
        const Enclosure *part = draft->parts->pdata[i];
        gsize size;
        const void *data = g_bytes_get_data(part->bytes, &size);
        put_string(out, part->filename);
        put_string(out, part->type);
        put_block(out, data, size);
    }
    return g_byte_array_free_to_bytes(out);
}

/* NULL for an empty one. */
static char *optional(Cursor *cursor, gsize max)
{
    g_autofree char *value = cursor_string(cursor, max);
    return value && *value ? g_steal_pointer(&value) : NULL;
}

static gboolean read_head(GBytes *bytes, Draft *draft)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor cursor = cursor_over(data, size);
    guint8 version = cursor_u8(&cursor), encrypt = cursor_u8(&cursor), sign = cursor_u8(&cursor);
    draft->encrypt = (Wish)encrypt;
    draft->sign = (Wish)sign;
    draft->notices = cursor_u8(&cursor);
    draft->because = optional(&cursor, LIMIT_HEADER_BYTES);
    draft->sensitivity = optional(&cursor, LIMIT_HEADER_BYTES);
    draft->in_reply_to = optional(&cursor, LIMIT_HEADER_BYTES);
    guint16 count = cursor_u16(&cursor);
    for (guint i = 0; i < count && !cursor.failed; i++)
        g_ptr_array_add(draft->references, cursor_string(&cursor, LIMIT_HEADER_BYTES));
    return cursor_whole(&cursor) && version == HEAD_VERSION && encrypt <= WISH_LEAST &&
           sign <= WISH_LEAST && notice_sound(draft->notices);
}

static gboolean read_parts(GBytes *bytes, Draft *draft)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    Cursor cursor = cursor_over(data, size);
    guint16 count = cursor_u16(&cursor);
    for (guint i = 0; i < count && !cursor.failed; i++) {
        g_autofree char *name = cursor_string(&cursor, LIMIT_HEADER_BYTES);
        g_autofree char *type = cursor_string(&cursor, LIMIT_HEADER_BYTES);
        gsize length;
        const guint8 *block = cursor_block(&cursor, LIMIT_VIEW_BYTES, &length);
        if (cursor.failed)
            break;
        g_autoptr(GBytes) content = g_bytes_new(block, length);
        add_part(draft->parts, name, type, content);
    }
    return cursor_whole(&cursor);
}

Draft *draft_read(const DraftContent *content, GError **error)
{
    g_autoptr(Draft) draft = draft_new();
    if (read_head(content->head, draft) && read_parts(content->parts, draft))
        return g_steal_pointer(&draft);
    refuse(error, POSTERN_ERROR_STORE, "vault.record", "drop it", "the draft is none");
    return NULL;
}

/* --- as a letter ---------------------------------------------------------------------------- */

/* FAILURE is about LINE. */
static gboolean at_line(const DraftLine *line, GError *failure, GError **error)
{
    g_prefix_error(&failure, "line %u (%s): ", line->line, draftform_name(line->field));
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean add_recipients(GPtrArray *list, GHashTable *known, const DraftLine *line,
                               GError **error)
{
    GError *failure = NULL;
    g_autoptr(GPtrArray) parsed = outgoing_value("the line", line->value, &failure)
                                      ? address_parse_list(line->value, &failure)
                                      : NULL;
    if (parsed == NULL)
        return at_line(line, failure, error);
    while (parsed->len > 0) {
        g_autoptr(Mailbox) mailbox = g_ptr_array_steal_index(parsed, 0);
        if (g_hash_table_add(known, g_strdup(mailbox->address)))
            g_ptr_array_add(list, g_steal_pointer(&mailbox));
    }
    return TRUE;
}

static gboolean take_recipients(const DraftForm *form, Letter *letter, GError **error)
{
    static const DraftField fields[] = {DRAFT_TO, DRAFT_CC, DRAFT_BCC};
    GPtrArray *lists[] = {letter->to, letter->cc, letter->bcc};
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize k = 0; k < G_N_ELEMENTS(fields); k++)
        for (guint i = 0; i < form->lines->len; i++) {
            const DraftLine *line = form->lines->pdata[i];
            if (line->field == fields[k] && !add_recipients(lists[k], known, line, error))
                return FALSE;
        }
    return posting_counts(letter, "write an address behind To:", error);
}

static const Account *take_sender(const DraftForm *form, const Config *config, Letter *letter,
                                  GError **error)
{
    const DraftLine *line = draftform_find(form, DRAFT_FROM);
    const Account *account = posting_account(config, line ? line->value : NULL, error);
    GError *failure = NULL;
    if (account == NULL)
        return NULL;
    if (posting_from(letter, account, line ? line->value : NULL, &failure))
        return account;
    if (line)
        at_line(line, failure, error);
    else
        g_propagate_error(error, failure);
    return NULL;
}

static gboolean take_subject(const DraftForm *form, Letter *letter, GError **error)
{
    const DraftLine *line = draftform_find(form, DRAFT_SUBJECT);
    GError *failure = NULL;
    letter->subject = g_strdup(line ? line->value : "");
    return line == NULL || outgoing_value("the line", line->value, &failure) ||
           at_line(line, failure, error);
}

/* "N NAME": the Nth of PARTS, once. */
static gboolean keep_part(const DraftLine *line, const GPtrArray *parts, GPtrArray *kept,
                          GError **error)
{
    char *end;
    guint64 n = g_ascii_strtoull(line->value, &end, 10);
    const Enclosure *part =
        g_ascii_isdigit(*line->value) && (*end == ' ' || *end == '\0') && n >= 1 && n <= parts->len
            ? parts->pdata[n - 1]
            : NULL;
    if (part == NULL)
        return refuse(error, POSTERN_ERROR_INPUT, "draft.line",
                      "leave it as it was, or take it out; a file is taken along by Attach:",
                      "line %u (Enclosed): the letter encloses nothing of that number", line->line);
    for (guint i = 0; i < kept->len; i++)
        if (((const Enclosure *)kept->pdata[i])->bytes == part->bytes)
            return refuse(error, POSTERN_ERROR_INPUT, "draft.line", "leave one of them",
                          "line %u (Enclosed): that number a second time", line->line);
    add_part(kept, part->filename, part->type, part->bytes);
    return TRUE;
}

static GPtrArray *take_parts(const DraftForm *form, const Draft *draft, GError **error)
{
    g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(free_part);
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        if (line->field == DRAFT_ENCLOSED && !keep_part(line, draft->parts, kept, error))
            return NULL;
    }
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        GError *failure = NULL;
        if (line->field == DRAFT_ATTACH && !add_file(kept, line->value, &failure)) {
            at_line(line, failure, error);
            return NULL;
        }
    }
    return g_steal_pointer(&kept);
}

static char *settled_text(const DraftForm *form, const Draft *draft)
{
    g_autoptr(DraftForm) settled = draftform_new();
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        if (line->field != DRAFT_ATTACH && line->field != DRAFT_ENCLOSED)
            draftform_add(settled, line->field, line->value, 0);
    }
    add_parts(settled, draft->parts);
    settled->body = g_strdup(form->body);
    return write_text(draft, settled);
}

static void take_rest(const DraftForm *form, const Draft *draft, Letter *letter)
{
    letter->body = g_strdup(form->body);
    letter->sensitivity = draft->sensitivity ? letter_mark(draft->sensitivity) : NULL;
    letter->in_reply_to = g_strdup(draft->in_reply_to);
    for (guint i = 0; i < draft->references->len; i++)
        g_ptr_array_add(letter->references, g_strdup(draft->references->pdata[i]));
    for (guint i = 0; i < draft->parts->len; i++) {
        const Enclosure *part = draft->parts->pdata[i];
        letter_enclose(letter, part->filename, part->type, part->bytes);
    }
}

Letter *draft_letter(Draft *draft, const Config *config, GBytes *text, const Account **account,
                     char **settled, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    g_autoptr(DraftForm) form = draftform_parse(data ? data : "", size, error);
    g_autoptr(Letter) letter = letter_new();
    if (form == NULL || (*account = take_sender(form, config, letter, error)) == NULL ||
        !take_subject(form, letter, error) || !take_recipients(form, letter, error))
        return NULL;
    GPtrArray *parts = take_parts(form, draft, error);
    if (parts == NULL)
        return NULL;
    g_ptr_array_unref(draft->parts);
    draft->parts = parts;
    take_rest(form, draft, letter);
    *settled = settled_text(form, draft);
    return g_steal_pointer(&letter);
}

gboolean draft_is_empty(const Letter *letter)
{
    return letter->enclosures->len == 0 && letter->body[strspn(letter->body, " \t\r\n")] == '\0';
}
