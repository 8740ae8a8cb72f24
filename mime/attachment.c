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

static void write_base64(GString *out, const GByteArray *data)
{
    for (guint at = 0; at < data->len; at += BASE64_LINE) {
        g_autofree char *line = g_base64_encode(data->data + at, MIN(BASE64_LINE, data->len - at));
        g_string_append(out, line);
        g_string_append(out, "\r\n");
    }
}

/* Can DATA go as it is, without a byte changed on the way and without one that moves a terminal? A
 * message keeps its structure only unencoded (RFC 2046, 5.2.1). */
static gboolean is_carriable(const GByteArray *data)
{
    gsize length = 0;
    for (guint i = 0; i < data->len; i++) {
        guint8 byte = data->data[i];
        gboolean pair = byte == '\r' && i + 1 < data->len && data->data[i + 1] == '\n';
        if ((byte < ' ' && byte != '\t' && byte != '\n' && !pair) || byte >= 127)
            return FALSE;
        length = byte == '\n' ? 0 : length + 1;
        /* A mail store may put ">" before "From " and break the signature. */
        if (length > SMTP_LINE || (length == 1 && data->len - i >= strlen("From ") &&
                                   memcmp(data->data + i, "From ", strlen("From ")) == 0))
            return FALSE;
    }
    return TRUE;
}

static char *guess_type(const char *name, const GByteArray *data)
{
    g_autofree char *content = g_content_type_guess(name, data->data, data->len, NULL);
    g_autofree char *type = g_content_type_get_mime_type(content);
    gboolean composite = type && (g_str_has_prefix(type, "multipart/") ||
                                  (g_str_has_prefix(type, "message/") &&
                                   (strcmp(type, "message/rfc822") != 0 || !is_carriable(data))));
    return type == NULL || composite ? g_strdup(OCTETS) : g_steal_pointer(&type);
}

gboolean attachment_write(GString *out, const char *path, GError **error)
{
    g_autoptr(GByteArray) data = read_file(path, error);
    if (data == NULL)
        return FALSE;
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = writer_one_line(base);
    g_autofree char *type = guess_type(name, data);
    gboolean as_is = g_str_has_prefix(type, "message/");
    writer_type(out, type, NULL);
    writer_attachment(out, name);
    g_string_append_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", as_is ? "7bit" : "base64");
    if (as_is)
        writer_crlf(out, (const char *)data->data, data->len);
    else
        write_base64(out, data);
    return TRUE;
}
