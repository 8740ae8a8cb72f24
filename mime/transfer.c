/* See transfer.h. */
#include "mime/transfer.h"

#include <gmime/gmime.h>
#include <string.h>

static int letter(guint8 c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bytes of a group of COUNT letters, written to OUT; where the next go. */
static guint8 *flush(guint8 *out, guint32 bits, guint count)
{
    bits <<= 6 * (4 - count);
    for (guint i = 1; i < count; i++)
        *out++ = (guint8)(bits >> (24 - 8 * i));
    return out;
}

void base64_append(GByteArray *out, const guint8 *bytes, gsize size)
{
    guint32 bits = 0;
    guint count = 0;
    guint before = out->len;
    /* A group of 2 or more letters gives one byte less: never more bytes than letters. */
    g_byte_array_set_size(out, before + (guint)size);
    guint8 *to = out->data + before;
    for (gsize i = 0; i < size; i++) {
        int value = letter(bytes[i]);
        if (value >= 0) {
            bits = bits << 6 | (guint32)value;
            count++;
        }
        if (count == 4 || (bytes[i] == '=' && count > 0)) {
            to = flush(to, bits, count);
            bits = 0;
            count = 0;
        }
    }
    if (count > 0)
        to = flush(to, bits, count);
    g_byte_array_set_size(out, (guint)(to - out->data));
}

static void through_gmime(GMimeContentEncoding encoding, GByteArray *out, const guint8 *bytes,
                          gsize size)
{
    GMimeEncoding state;
    g_mime_encoding_init_decode(&state, encoding);
    gsize room = g_mime_encoding_outlen(&state, size);
    g_byte_array_set_size(out, (guint)room);
    gsize done = g_mime_encoding_step(&state, (const char *)bytes, size, (char *)out->data);
    g_byte_array_set_size(out, (guint)done);
}

/* Length of everything up to and with the "begin MODE NAME" line; 0 when there is none. */
static gsize begin_line(const guint8 *data, gsize size)
{
    for (gsize at = 0; at < size;) {
        const guint8 *feed = memchr(data + at, '\n', size - at);
        gsize next = feed ? (gsize)(feed - data) + 1 : size;
        if (next - at > 6 && memcmp(data + at, "begin ", 6) == 0)
            return next;
        at = next;
    }
    return 0;
}

GBytes *transfer_decode(const char *encoding, GBytes *bytes)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (encoding == NULL || size == 0 || size > G_MAXUINT / 4)
        return g_bytes_ref(bytes);
    g_autoptr(GByteArray) out = g_byte_array_new();
    if (g_ascii_strcasecmp(encoding, "base64") == 0) {
        base64_append(out, data, size);
    } else if (g_ascii_strcasecmp(encoding, "quoted-printable") == 0) {
        through_gmime(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, out, data, size);
    } else if (g_ascii_strcasecmp(encoding, "x-uuencode") == 0 ||
               g_ascii_strcasecmp(encoding, "uuencode") == 0) {
        gsize begin = begin_line(data, size);
        through_gmime(GMIME_CONTENT_ENCODING_UUENCODE, out, data + begin, size - begin);
    } else {
        return g_bytes_ref(bytes);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}
