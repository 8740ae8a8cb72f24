/* See charset.h. */
#include "mime/charset.h"

#include <errno.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define LABEL_MAX 40
#define FAULTS_MAX 10000 /* then it was another charset: only ASCII is kept of the rest */

typedef struct {
    const char *label;
    const char *iconv; /* NULL: the label itself */
} Known;

/* ISO-8859-1 is decoded as its superset windows-1252 and GB2312 as GB18030, as everybody does
 * since mailers label them so. */
static const Known known[] = {
    {"iso-8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"iso-8859-2", NULL},
    {"iso-8859-3", NULL},
    {"iso-8859-4", NULL},
    {"iso-8859-5", NULL},
    {"iso-8859-6", NULL},
    {"iso-8859-7", NULL},
    {"iso-8859-8", NULL},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"iso-8859-10", NULL},
    {"iso-8859-11", NULL},
    {"tis-620", NULL},
    {"iso-8859-13", NULL},
    {"iso-8859-14", NULL},
    {"iso-8859-15", NULL},
    {"iso-8859-16", NULL},
    {"windows-1250", NULL},
    {"windows-1251", NULL},
    {"windows-1252", NULL},
    {"windows-1253", NULL},
    {"windows-1254", NULL},
    {"windows-1255", NULL},
    {"windows-1256", NULL},
    {"windows-1257", NULL},
    {"windows-1258", NULL},
    {"windows-874", "CP874"},
    {"cp1250", NULL},
    {"cp1251", NULL},
    {"cp1252", NULL},
    {"cp866", NULL},
    {"ibm866", "CP866"},
    {"cp437", NULL},
    {"cp850", NULL},
    {"koi8-r", NULL},
    {"koi8-u", NULL},
    {"macintosh", NULL},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", NULL},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", NULL},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"x-sjis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", NULL},
    {"iso-2022-jp", NULL},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"cp949", NULL},
    {"utf-16", NULL},
    {"utf-16le", NULL},
    {"utf-16be", NULL},
};

static const char *iconv_name(const char *label)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(known[i].label, label) == 0)
            return known[i].iconv ? known[i].iconv : known[i].label;
    return NULL;
}

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

char *charset_to_utf8(const char *label, const void *bytes, gsize size)
{
    if (size == 0)
        return g_strdup("");
    gboolean plain = label == NULL || *label == '\0' ||
                     g_ascii_strcasecmp(label, "us-ascii") == 0 ||
                     g_ascii_strcasecmp(label, "ascii") == 0;
    if (plain && !g_utf8_validate(bytes, (gssize)size, NULL) && memchr(bytes, 0, size) == NULL)
        return through_iconv("WINDOWS-1252", bytes, size);
    if (plain || g_ascii_strcasecmp(label, "utf-8") == 0 || g_ascii_strcasecmp(label, "utf8") == 0)
        return g_utf8_make_valid(bytes, (gssize)size);
    const char *name = strlen(label) < LABEL_MAX ? iconv_name(label) : NULL;
    if (name == NULL)
        return ascii_only(bytes, size);
    /* Most text is ASCII; the sets whose ASCII bytes mean something else are named here. */
    if (is_ascii(bytes, size) && !g_str_has_prefix(name, "iso-2022") &&
        !g_str_has_prefix(name, "utf-16"))
        return g_strndup(bytes, size);
    return through_iconv(name, bytes, size);
}
