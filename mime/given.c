/* See given.h. */
#include "mime/given.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "mime/address.h"
#include "mime/carry.h"
#include "mime/rfc2047.h"
#include "mime/writer.h"

void given_free(Given *given)
{
    if (given == NULL)
        return;
    letter_free(given->letter);
    letter_identity_free(given->identity);
    g_free(given->from);
    g_free(given->to);
    g_free(given->cc);
    g_free(given->bcc);
    g_free(given);
}

typedef struct {
    Given *given;
    GString *further;        /* fields that stay as they are */
    GString *content;        /* Content- fields but for the two below */
    char *type, *encoding;   /* or NULL */
    char *date, *message_id; /* or NULL */
} Reading;

static void reading_clear(Reading *self)
{
    g_string_free(self->further, TRUE);
    g_string_free(self->content, TRUE);
    g_free(self->type);
    g_free(self->encoding);
    g_free(self->date);
    g_free(self->message_id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/* So that with its name, and what encoding makes of it, no line is longer than CARRY_LINE. */
#define LONGEST_WORD 900
#define LONGEST_NAME 76

/* --- fields -------------------------------------------------------------------------------- */

static gboolean is(const char *name, const char *wanted)
{
    return g_ascii_strcasecmp(name, wanted) == 0;
}

static gboolean begins(const char *name, const char *wanted)
{
    return g_ascii_strncasecmp(name, wanted, strlen(wanted)) == 0;
}

static void join(char **list, const char *value)
{
    char *all = *list ? g_strconcat(*list, ", ", value, NULL) : g_strdup(value);
    g_free(*list);
    *list = all;
}

static void keep_first(char **place, const char *value)
{
    if (*place == NULL)
        *place = g_strdup(value);
}

/* Between < and >, or the whole. */
static void add_ids(const char *value, GPtrArray *ids)
{
    for (const char *at = strchr(value, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        if (end == NULL)
            return;
        g_ptr_array_add(ids, g_strndup(at + 1, (gsize)(end - at - 1)));
    }
}

static void write_field(GString *out, const char *name, const char *value)
{
    g_autofree char *text = NULL;
    for (const char *at = value; *at; at++)
        if ((guchar)*at >= 0x80) {
            text = rfc2047_decode(value);
            writer_text(out, name, text);
            return;
        }
    writer_encoded(out, name, value);
}

/* Each mark demands encryption, as --sensitivity does. */
static void take_mark(Reading *self, const char *name, const char *value)
{
    const char *mark = letter_mark(value);
    if (mark)
        self->given->letter->sensitivity = mark;
    else
        write_field(self->further, name, value);
}

static gboolean take_known(Reading *self, const char *name, const char *value)
{
    Given *given = self->given;
    Letter *letter = given->letter;
    if (is(name, "From"))
        keep_first(&given->from, value);
    else if (is(name, "To"))
        join(&given->to, value);
    else if (is(name, "Cc"))
        join(&given->cc, value);
    else if (is(name, "Bcc"))
        join(&given->bcc, value);
    else if (is(name, "Date"))
        keep_first(&self->date, value);
    else if (is(name, "Message-ID"))
        keep_first(&self->message_id, value);
    else if (is(name, "References"))
        add_ids(value, letter->references);
    else if (is(name, "Content-Type"))
        keep_first(&self->type, value);
    else if (is(name, "Content-Transfer-Encoding"))
        keep_first(&self->encoding, value);
    else
        return FALSE;
    return TRUE;
}

static void take_field(Reading *self, const char *name, const char *value)
{
    Letter *letter = self->given->letter;
    self->given->resent |= begins(name, "Resent-");
    if (take_known(self, name, value))
        return;
    if (is(name, "Subject")) {
        if (letter->subject == NULL)
            letter->subject = rfc2047_decode(value);
    } else if (is(name, "In-Reply-To")) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
        add_ids(value, ids);
        if (ids->len > 0 && letter->in_reply_to == NULL)
            letter->in_reply_to = g_ptr_array_steal_index(ids, 0);
    } else if (is(name, "Sensitivity")) {
        take_mark(self, name, value);
    } else if (begins(name, "Content-")) {
        write_field(self->content, name, value);
    } else if (!is(name, "MIME-Version") && !is(name, "Return-Path") && !is(name, "Sender") &&
               !is(name, "Autocrypt") && !is(name, "HP-Outer") && !is(name, "Resent-Bcc")) {
        write_field(self->further, name, value);
    }
}

/* --- the head ------------------------------------------------------------------------------ */

/* Length of the field's name that LINE begins with, 0 for none. */
static gsize name_length(const char *line, gsize size)
{
    gsize n = 0;
    while (n < size && line[n] > ' ' && line[n] < 127 && line[n] != ':')
        n++;
    return n < size && line[n] == ':' ? n : 0;
}

static gboolean check_name(const char *name, GError **error)
{
    return strlen(name) <= LONGEST_NAME ||
           refuse(error, POSTERN_ERROR_INPUT, "send.value", "shorten it",
                  "the name of a field, %.20s…, is longer than %d bytes", name, LONGEST_NAME);
}

static gboolean check_value(const char *name, const char *value, gsize size, GError **error)
{
    for (gsize i = 0; i < size; i++)
        if (((guchar)value[i] < ' ' && value[i] != '\t') || value[i] == 127)
            return refuse(error, POSTERN_ERROR_INPUT, "send.value", "take it out",
                          "the field %s holds a control character", name);
    return TRUE;
}

/* A field is folded between words; some are encoded, or do not leave. A name may double in quotes.
 */
static gsize longest_word(const char *name)
{
    static const char *const any[] = {"Subject", "Bcc", "Autocrypt", "HP-Outer", "Return-Path"};
    for (gsize i = 0; i < G_N_ELEMENTS(any); i++)
        if (is(name, any[i]))
            return G_MAXSIZE;
    return is(name, "To") || is(name, "Cc") ? LONGEST_WORD / 2 : LONGEST_WORD;
}

static gboolean check_words(const char *name, const char *value, GError **error)
{
    gsize length = 0, longest = longest_word(name);
    for (const char *at = value; *at && length <= longest; at++) {
        gboolean more = at > value && g_ascii_isspace(*at) == g_ascii_isspace(at[-1]);
        length = more ? length + 1 : 1;
    }
    return length <= longest ||
           refuse(error, POSTERN_ERROR_INPUT, "send.value", "shorten it",
                  "the field %s holds a word, or blanks, of more than %zu bytes", name, longest);
}

static gboolean end_field(Reading *self, const char *name, GString *value, GError **error)
{
    g_strstrip(value->str);
    if (!check_words(name, value->str, error))
        return FALSE;
    take_field(self, name, value->str);
    return TRUE;
}

/* One line at *AT, without its end; FALSE at the end of all. */
static gboolean next_line(const char **at, const char *end, const char **line, gsize *size)
{
    if (*at == end)
        return FALSE;
    const char *feed = memchr(*at, '\n', (gsize)(end - *at));
    *line = *at;
    *size = (gsize)((feed ? feed : end) - *at);
    *at = feed ? feed + 1 : end;
    if (*size > 0 && (*line)[*size - 1] == '\r')
        (*size)--;
    return TRUE;
}

/* Reads fields up to the empty line, or up to what is none: that belongs to the text. */
static gboolean read_head(Reading *self, const char **at, const char *end, GError **error)
{
    const char *line, *before = *at;
    gsize size;
    g_autofree char *name = NULL;
    g_autoptr(GString) value = g_string_new(NULL);
    gboolean more = next_line(at, end, &line, &size);
    if (more && size >= 5 && strncmp(line, "From ", 5) == 0) {
        before = *at;
        more = next_line(at, end, &line, &size);
    }
    for (; more; before = *at, more = next_line(at, end, &line, &size)) {
        gsize length = name_length(line, size);
        gboolean goes_on = name && size > 0 && (*line == ' ' || *line == '\t');
        const char *text = goes_on ? line : line + length + 1;
        gsize left = goes_on ? size : length > 0 ? size - length - 1 : 0;
        if (!goes_on && name) {
            if (!end_field(self, name, value, error))
                return FALSE;
            g_clear_pointer(&name, g_free);
        }
        if (!goes_on && length == 0)
            break;
        if (!goes_on) {
            name = g_strndup(line, length);
            g_string_truncate(value, 0);
            if (!check_name(name, error))
                return FALSE;
        }
        if (!check_value(name, text, left, error))
            return FALSE;
        g_string_append_len(value, text, (gssize)left);
    }
    if (name && !end_field(self, name, value, error))
        return FALSE;
    if (more && size > 0)
        *at = before;
    return TRUE;
}

/* --- the content --------------------------------------------------------------------------- */

static gboolean is_plain_encoding(const char *encoding)
{
    return encoding == NULL || is(encoding, "7bit") || is(encoding, "8bit") ||
           is(encoding, "binary");
}

static void write_content(Reading *self, const GString *body)
{
    GString *out = g_string_new(NULL);
    gboolean fit = carry_is_fit(body->str, body->len);
    gboolean text = self->type == NULL || begins(self->type, "text/");
    gboolean encode = text && is_plain_encoding(self->encoding) && !fit;
    const char *charset = g_str_is_ascii(body->str)              ? "us-ascii"
                          : g_utf8_validate(body->str, -1, NULL) ? "utf-8"
                                                                 : "unknown-8bit"; /* RFC 1428 */
    if (self->type)
        writer_encoded(out, "Content-Type", self->type);
    else
        writer_type(out, "text/plain", "charset", charset, NULL);
    g_string_append(out, self->content->str);
    if (encode)
        writer_encoded(out, "Content-Transfer-Encoding", "quoted-printable");
    else if (self->encoding)
        writer_encoded(out, "Content-Transfer-Encoding", self->encoding);
    g_string_append(out, "\r\n");
    if (encode) {
        g_autofree char *encoded = writer_quoted_printable(body->str);
        writer_crlf(out, encoded, strlen(encoded));
    } else {
        g_string_append_len(out, body->str, (gssize)body->len);
    }
    self->given->is_protected = self->type && (begins(self->type, "multipart/encrypted") ||
                                               begins(self->type, "multipart/signed") ||
                                               begins(self->type, "application/pkcs7-mime") ||
                                               begins(self->type, "application/x-pkcs7-mime"));
    GString *carried = encode || fit || self->given->is_protected ? NULL : carry_encode(out);
    self->given->seven_bit = encode || fit || carried;
    if (carried) {
        g_string_free(out, TRUE);
        out = carried;
    }
    self->given->letter->entity = g_string_free_to_bytes(out);
}

static gboolean read_body(Reading *self, const char *at, const char *end, GError **error)
{
    if (memchr(at, '\0', (gsize)(end - at)))
        return refuse(error, POSTERN_ERROR_INPUT, "send.body", "encode it as base64",
                      "the text holds a NUL byte, which no mail may");
    g_autoptr(GString) body = g_string_new(NULL);
    writer_crlf(body, at, (gsize)(end - at));
    if (body->len > 0 && body->str[body->len - 1] != '\n')
        g_string_append(body, "\r\n");
    write_content(self, body);
    return TRUE;
}

/* What its To and Cc say, whoever gets it; what is longer than an address can be is none. */
static GPtrArray *shown(const char *value)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(address_destroy);
    if (value)
        address_read(value, G_MAXUINT, list);
    for (guint i = list->len; i > 0; i--)
        if (strlen(((Mailbox *)list->pdata[i - 1])->address) > LIMIT_ADDRESS)
            g_ptr_array_remove_index(list, i - 1);
    return list;
}

Given *given_read(GBytes *raw, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(raw, &size); /* NULL for nothing */
    const char *at = data ? data : "", *end = at + size;
    g_autoptr(Given) given = g_new0(Given, 1);
    given->letter = letter_new();
    g_auto(Reading)
        reading = {.given = given, .further = g_string_new(NULL), .content = g_string_new(NULL)};
    if (!read_head(&reading, &at, end, error) || !read_body(&reading, at, end, error))
        return NULL;
    Letter *letter = given->letter;
    letter->further = g_strdup(reading.further->str);
    letter->shown_to = shown(given->to);
    letter->shown_cc = shown(given->cc);
    if (letter->subject == NULL)
        letter->subject = g_strdup("");
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    if (reading.message_id)
        add_ids(reading.message_id, ids);
    if (reading.date && ids->len > 0) {
        given->identity = g_new0(LetterIdentity, 1);
        given->identity->date = g_strdup(reading.date);
        given->identity->message_id = g_ptr_array_steal_index(ids, 0);
    }
    return g_steal_pointer(&given);
}
