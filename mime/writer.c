/* See writer.h. */
#include "mime/writer.h"

#include <gmime/gmime.h>
#include <string.h>
#include <sys/random.h>

#include "core/base32.h"
#include "mime/charset.h"
#include "mime/rfc2047.h"

#define RANDOM_BYTES 16
#define FOLD 76 /* RFC 2047, 2 */

/* GMime's tables (and iconv names) want one call before anything is encoded. */
static GMimeFormatOptions *format_new(void)
{
    static gsize started = 0;
    if (g_once_init_enter(&started)) {
        g_mime_init();
        g_once_init_leave(&started, 1);
    }
    GMimeFormatOptions *format = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_format_options_set_param_encoding_method(format, GMIME_PARAM_ENCODING_METHOD_RFC2231);
    return format;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeFormatOptions, g_mime_format_options_free)

char *writer_one_line(const char *text)
{
    char *line = charset_to_utf8("utf-8", text, strlen(text));
    for (char *at = line; *at; at++)
        if ((guchar)*at < ' ' || *at == 127)
            *at = ' ';
    return g_strstrip(line);
}

void writer_crlf(GString *out, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        gboolean pair = bytes[i] == '\r' && i + 1 < size && bytes[i + 1] == '\n';
        if (pair)
            continue;
        if (bytes[i] == '\n' || bytes[i] == '\r')
            g_string_append(out, "\r\n");
        else
            g_string_append_c(out, bytes[i]);
    }
}

void writer_armor(GString *out, GBytes *armored)
{
    gsize size;
    const char *line = g_bytes_get_data(armored, &size), *end = line + size;
    for (gboolean in_head = TRUE; line < end;) {
        const char *feed = memchr(line, '\n', (gsize)(end - line));
        gsize length = feed ? (gsize)(feed + 1 - line) : (gsize)(end - line);
        /* Radix-64 has no colon, nor has the line that begins the armor. */
        in_head = in_head && length > strlen("\r\n");
        if (!in_head || memchr(line, ':', length) == NULL)
            writer_crlf(out, line, length);
        line += length;
    }
}

/* Appends what GMime made of a field, with exactly one line end. */
static void finish(GString *out, const char *field)
{
    gsize size = strlen(field);
    while (size > 0 && g_ascii_isspace(field[size - 1]))
        size--;
    writer_crlf(out, field, size);
    g_string_append(out, "\r\n");
}

void writer_encoded(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s:", name);
    gsize column = strlen(name) + 1;
    while (*value) {
        gsize blanks = strspn(value, " \t"); /* no line may hold nothing else */
        gsize size = blanks + strcspn(value + blanks, " \t");
        if (column + size > FOLD && column > strlen(name) + 1) {
            g_string_append(out, "\r\n");
            column = 0;
        }
        if (blanks == 0)
            g_string_append_c(out, ' ');
        g_string_append_len(out, value, (gssize)size);
        column += size + (blanks == 0);
        value += size;
    }
    g_string_append(out, "\r\n");
}

void writer_text(GString *out, const char *name, const char *text)
{
    g_autofree char *line = writer_one_line(text);
    g_autofree char *encoded = rfc2047_encode(line);
    writer_encoded(out, name, encoded);
}

/* A display name: words as they are, else in quotes, else encoded. */
static char *encode_name(const char *name)
{
    g_autofree char *encoded = rfc2047_encode(name);
    if (strcmp(encoded, name) != 0)
        return g_steal_pointer(&encoded);
    gboolean plain = TRUE;
    for (const char *at = name; *at; at++)
        plain &= g_ascii_isalnum(*at) || strchr("!#$%&'*+-/=?^_`{|}~ ", *at) != NULL;
    if (plain)
        return g_steal_pointer(&encoded);
    g_autoptr(GString) quoted = g_string_new("\"");
    for (const char *at = name; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *at);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(g_steal_pointer(&quoted), FALSE);
}

void writer_mailboxes(GString *out, const char *name, const GPtrArray *mailboxes)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = g_ptr_array_index(mailboxes, i);
        g_autofree char *person = writer_one_line(mailbox->name ? mailbox->name : "");
        g_autofree char *encoded = encode_name(person);
        g_autofree char *address = writer_one_line(mailbox->address);
        g_string_append(list, i > 0 ? ", " : "");
        if (*encoded)
            g_string_append_printf(list, "%s <%s>", encoded, address);
        else
            g_string_append(list, address);
    }
    if (list->len > 0)
        writer_encoded(out, name, list->str);
}

static gboolean is_id(const char *id)
{
    for (const char *at = id; *at; at++)
        if ((guchar)*at <= ' ' || (guchar)*at >= 127 || *at == '<' || *at == '>')
            return FALSE;
    return *id != '\0' && strlen(id) < 900;
}

void writer_ids(GString *out, const char *name, const GPtrArray *ids)
{
    const char *before = ": ";
    gboolean any = FALSE;
    for (guint i = 0; i < ids->len; i++) {
        const char *id = g_ptr_array_index(ids, i);
        if (!is_id(id))
            continue;
        g_string_append_printf(out, "%s%s<%s>", any ? "" : name, before, id);
        before = "\r\n ";
        any = TRUE;
    }
    if (any)
        g_string_append(out, "\r\n");
}

void writer_type(GString *out, const char *type, ...)
{
    g_autoptr(GMimeFormatOptions) format = format_new();
    GMimeContentType *content_type = g_mime_content_type_parse(NULL, type);
    va_list parameters;
    va_start(parameters, type);
    for (const char *name; (name = va_arg(parameters, const char *)) != NULL;)
        g_mime_content_type_set_parameter(content_type, name, va_arg(parameters, const char *));
    va_end(parameters);
    g_autofree char *value = g_mime_content_type_encode(content_type, format);
    g_object_unref(content_type);
    g_autofree char *field = g_strconcat("Content-Type: ", g_strchug(value), NULL);
    finish(out, field);
}

void writer_attachment(GString *out, const char *filename)
{
    g_autoptr(GMimeFormatOptions) format = format_new();
    GMimeContentDisposition *disposition = g_mime_content_disposition_new();
    g_mime_content_disposition_set_disposition(disposition, "attachment");
    g_autofree char *name = writer_one_line(filename);
    g_mime_content_disposition_set_parameter(disposition, "filename", name);
    GMimeParamList *list = g_mime_content_disposition_get_parameters(disposition);
    g_mime_param_set_charset(g_mime_param_list_get_parameter(list, "filename"), "utf-8");
    g_autofree char *value = g_mime_content_disposition_encode(disposition, format);
    g_object_unref(disposition);
    g_autofree char *field = g_strconcat("Content-Disposition: ", g_strchug(value), NULL);
    finish(out, field);
}

char *writer_random(void)
{
    guint8 bytes[RANDOM_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        g_error("the kernel gives no random bytes");
    return base32_encode(bytes, sizeof bytes);
}

char *writer_quoted_printable(const char *text)
{
    GMimeEncoding state;
    g_mime_encoding_init_encode(&state, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    gsize size = strlen(text);
    g_autofree char *out = g_malloc(g_mime_encoding_outlen(&state, size) + 1);
    gsize done = g_mime_encoding_flush(&state, text, size, out);
    out[done] = '\0';
    /* A mail store may put ">" before "From " and break the signature. */
    g_autoptr(GString) safe = g_string_new("\n");
    g_string_append(safe, out);
    g_string_replace(safe, "\nFrom ", "\n=46rom ", 0);
    return g_strdup(safe->str + 1);
}
