/* See attachment.h. */
#include "mime/attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/writer.h"

#define BASE64_LINE 57 /* bytes that make 76 letters */
#define SMTP_LINE 998  /* RFC 5321 allows no longer one */
#define OCTETS "application/octet-stream"

static gboolean reject(GError **error, const char *path, const char *why)
{
    g_autofree char *safe = text_name(path);
    return refuse(error, POSTERN_ERROR_INPUT, "send.attachment", "name a readable regular file",
                  "the attachment “%s” %s", safe, why);
}

static gboolean read_all(int fd, GByteArray *data)
{
    guint8 buffer[64 * 1024];
    gssize got;
    while ((got = read(fd, buffer, sizeof buffer)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || data->len + (gsize)got > LIMIT_VIEW_BYTES)
            return FALSE;
        g_byte_array_append(data, buffer, (guint)got);
    }
    return TRUE;
}

/* The file's bytes; opened so that a FIFO does not block. */
static GByteArray *read_file(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        g_autofree char *why = g_strdup_printf("cannot be opened: %s", g_strerror(errno));
        reject(error, path, why);
        return NULL;
    }
    struct stat status;
    g_autoptr(GByteArray) data = g_byte_array_new();
    gboolean good = FALSE;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        reject(error, path, "is not a regular file");
    else if (status.st_size > LIMIT_VIEW_BYTES)
        reject(error, path, "is larger than 256 MB");
    else if (!read_all(fd, data))
        reject(error, path, "cannot be read");
    else
        good = TRUE;
    close(fd);
    return good ? g_steal_pointer(&data) : NULL;
}

static void write_base64(GString *out, const guint8 *data, gsize size)
{
    for (gsize at = 0; at < size; at += BASE64_LINE) {
        g_autofree char *line = g_base64_encode(data + at, MIN(BASE64_LINE, size - at));
        g_string_append(out, line);
        g_string_append(out, "\r\n");
    }
}

/* Can DATA go as it is, without a byte changed on the way and without one that moves a terminal? A
 * message keeps its structure only unencoded (RFC 2046, 5.2.1). */
static gboolean is_carriable(const guint8 *data, gsize size)
{
    gsize length = 0;
    for (gsize i = 0; i < size; i++) {
        guint8 byte = data[i];
        gboolean pair = byte == '\r' && i + 1 < size && data[i + 1] == '\n';
        if ((byte < ' ' && byte != '\t' && byte != '\n' && !pair) || byte >= 127)
            return FALSE;
        length = byte == '\n' ? 0 : length + 1;
        /* A mail store may put ">" before "From " and break the signature. */
        if (length > SMTP_LINE || (length == 1 && size - i >= strlen("From ") &&
                                   memcmp(data + i, "From ", strlen("From ")) == 0))
            return FALSE;
    }
    return TRUE;
}

/* A composite type says what is inside, which nobody has looked at. */
static gboolean is_composite(const char *type, const guint8 *data, gsize size)
{
    return g_str_has_prefix(type, "multipart/") ||
           (g_str_has_prefix(type, "message/") &&
            (strcmp(type, "message/rfc822") != 0 || !is_carriable(data, size)));
}

static void write_part(GString *out, const char *type, const char *name, const guint8 *data,
                       gsize size)
{
    const char *said = is_composite(type, data, size) ? OCTETS : type;
    gboolean as_is = g_str_has_prefix(said, "message/");
    writer_type(out, said, NULL);
    writer_attachment(out, name);
    g_string_append_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", as_is ? "7bit" : "base64");
    if (as_is)
        writer_crlf(out, (const char *)data, size);
    else
        write_base64(out, data, size);
}

GBytes *attachment_read(const char *path, char **name, char **type, GError **error)
{
    GByteArray *data = read_file(path, error);
    if (data == NULL)
        return NULL;
    g_autofree char *base = g_path_get_basename(path);
    *name = writer_one_line(base);
    g_autofree char *content = g_content_type_guess(*name, data->data, data->len, NULL);
    g_autofree char *mime = g_content_type_get_mime_type(content);
    *type = g_strdup(mime ? mime : OCTETS);
    return g_byte_array_free_to_bytes(data);
}

gboolean attachment_write(GString *out, const char *path, GError **error)
{
    g_autofree char *name = NULL, *type = NULL;
    g_autoptr(GBytes) bytes = attachment_read(path, &name, &type, error);
    gsize size;
    if (bytes == NULL)
        return FALSE;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    write_part(out, type, name, data, size);
    return TRUE;
}

/* RFC 2045, 5.1: two tokens. */
static gboolean is_type(const char *type)
{
    guint slashes = 0;
    for (const char *at = type; *at; at++) {
        slashes += *at == '/';
        if (*at != '/' && !g_ascii_isalnum(*at) && strchr("!#$&-^_.+", *at) == NULL)
            return FALSE;
    }
    return slashes == 1 && *type != '/' && !g_str_has_suffix(type, "/") && strlen(type) < 128;
}

void enclosure_write(GString *out, const char *filename, const char *type, GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    g_autofree char *name = writer_one_line(filename ? filename : "attachment");
    write_part(out, is_type(type) ? type : OCTETS, name, data, size);
}
