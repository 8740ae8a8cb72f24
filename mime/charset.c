/* See charset.h. */
#include "mime/charset.h"

#include <errno.h>
#include <string.h>

#include "mime/charset-name.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define FAULTS_MAX 10000 /* then it was another charset: only ASCII is kept of the rest */

static gboolean is_ascii(const guint8 *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (bytes[i] >= 0x80 || bytes[i] == 0)
            return FALSE;
    return TRUE;
}

static char *ascii_only(const guint8 *bytes, gsize size)
{
    g_autoptr(GString) out = g_string_sized_new(size);
    for (gsize i = 0; i < size; i++) {
        if (bytes[i] < 0x80 && bytes[i] != 0)
            g_string_append_c(out, (char)bytes[i]);
        else if (i == 0 || bytes[i - 1] < 0x80)
            g_string_append(out, REPLACEMENT); /* one mark for a run */
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Converts all of BYTES, one mark for each byte that does not decode. */
static void convert(GIConv cd, const guint8 *bytes, gsize size, GString *out)
{
    char *in = (char *)bytes; /* iconv's prototype is not const; it does not write */
    gsize left = size;
    char buffer[4096];
    guint faults = 0;
    gboolean flushed = FALSE;
    while (!flushed) {
        char *to = buffer;
        gsize room = sizeof buffer;
        flushed = left == 0;
        gsize done = g_iconv(cd, flushed ? NULL : &in, &left, &to, &room);
        int reason = errno;
        g_string_append_len(out, buffer, to - buffer);
        if (flushed || done != (gsize)-1 || reason == E2BIG)
            continue;
        g_string_append(out, REPLACEMENT);
        in++;
        left--;
        if (++faults == FAULTS_MAX) {
            g_autofree char *rest = ascii_only((const guint8 *)in, left);
            g_string_append(out, rest);
            return;
        }
    }
}

/* The C library loads a set's table with the first descriptor for it and drops it with the last,
 * which takes longer than most texts: so one of each stays open. NAME is one of those above. */
static void keep_loaded(const char *name)
{
    static GMutex mutex;
    static GHashTable *kept;
    g_mutex_lock(&mutex);
    if (kept == NULL)
        kept = g_hash_table_new(g_str_hash, g_str_equal);
    if (!g_hash_table_contains(kept, name))
        g_hash_table_insert(kept, (gpointer)name, g_iconv_open("UTF-8", name));
    g_mutex_unlock(&mutex);
}

static char *through_iconv(const char *name, const guint8 *bytes, gsize size)
{
    keep_loaded(name);
    GIConv cd = g_iconv_open("UTF-8", name);
    if (cd == (GIConv)-1)
        return ascii_only(bytes, size);
    g_autoptr(GString) out = g_string_sized_new(size);
    convert(cd, bytes, size, out);
    g_iconv_close(cd);
    return g_utf8_make_valid(out->str, (gssize)out->len);
}

/* Of no known set: UTF-8 when it is that, else what most of such mail is. */
static char *guessed(const guint8 *bytes, gsize size)
{
    if (g_utf8_validate((const char *)bytes, (gssize)size, NULL))
        return g_strndup((const char *)bytes, size);
    if (memchr(bytes, 0, size))
        return g_utf8_make_valid((const char *)bytes, (gssize)size);
    return through_iconv("WINDOWS-1252", bytes, size);
}

char *charset_to_utf8(const char *label, const void *bytes, gsize size)
{
    const char *name = charset_name(label);
    if (size == 0)
        return g_strdup("");
    if (name == NULL)
        return guessed(bytes, size);
    if (strcmp(name, CHARSET_UTF8) == 0)
        return g_utf8_make_valid(bytes, (gssize)size);
    /* Most text is ASCII; the sets whose ASCII bytes mean something else are named here. */
    if (is_ascii(bytes, size) && !g_str_has_prefix(name, "ISO-2022") &&
        !g_str_has_prefix(name, "UTF-"))
        return g_strndup(bytes, size);
    return through_iconv(name, bytes, size);
}
