/* See vectors.h. */
#include "tests/lib/vectors.h"

GKeyFile *vectors_load(const char *name)
{
    const char *srcdir = g_getenv("srcdir");
    g_autofree char *path = g_build_filename(srcdir ? srcdir : ".", "tests", "vectors", name, NULL);
    GKeyFile *vectors = g_key_file_new();
    if (!g_key_file_load_from_file(vectors, path, G_KEY_FILE_NONE, NULL))
        g_error("no vectors in %s", path);
    return vectors;
}

GByteArray *vectors_binary(GKeyFile *vectors, const char *section, const char *key)
{
    g_autofree char *hex = g_key_file_get_value(vectors, section, key, NULL);
    if (hex == NULL)
        g_error("%s lacks %s", section, key);
    GByteArray *bytes = g_byte_array_new();
    for (const char *p = hex; p[0] && p[1]; p += 2) {
        guint8 byte = (guint8)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}
