/* The published vectors of pages and frames, tests/vectors/pages.ini, against our own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/seal.h"
#include "store/sealedpage.h"
#include "tests/lib/vectors.h"

static GKeyFile *vectors;

static void binary(const char *section, const char *key, guint8 *out, gsize size)
{
    g_autoptr(GByteArray) bytes = vectors_binary(vectors, section, key);
    assert_int_equal(bytes->len, size);
    memcpy(out, bytes->data, size);
}

/* The page or frame as it would lie on the disk; *size may be less than a whole one. */
static guint8 *sealed_of(const char *section, const char *kind, gsize *size)
{
    g_autofree char *other = g_key_file_get_value(vectors, section, "page_of", NULL);
    g_autofree char *text = g_key_file_get_value(vectors, other ? other : section, kind, NULL);
    g_autofree char *flip = g_key_file_get_value(vectors, section, "flip", NULL);
    guint8 *bytes = g_base64_decode(text, size);
    if (flip) {
        g_auto(GStrv) words = g_strsplit(flip, " ", -1);
        bytes[g_ascii_strtoull(words[0], NULL, 10)] ^= (guint8)g_ascii_strtoull(words[1], NULL, 10);
    }
    return bytes;
}

static SealedKeys *keys_of(const char *section)
{
    guint8 vault_id[VAULT_ID_SIZE], private_key[KEY_SIZE], key[KEY_SIZE];
    binary(section, "vault_id", vault_id, sizeof vault_id);
    binary(section, "vault_private", private_key, sizeof private_key);
    static const char info[] = "postern index 1";
    hkdf_sha256(private_key, KEY_SIZE, vault_id, VAULT_ID_SIZE, info, strlen(info), key, KEY_SIZE);
    return sealed_keys_new(key);
}

static GBytes *open_page(const char *section, SealedKeys *keys, guint64 offset)
{
    gsize size;
    g_autofree guint8 *sealed = sealed_of(section, "page", &size);
    guint32 number = (guint32)g_key_file_get_uint64(vectors, section, "number", NULL);
    guint8 page[SEALED_PAGE];
    if (size != SEALED_PAGE || !sealed_page_open(keys, SEALED_MAIN, number, offset, sealed, page))
        return NULL;
    return g_bytes_new(page, sizeof page);
}

static GBytes *open_frame(const char *section, SealedKeys *keys, guint64 offset)
{
    gsize size;
    g_autofree guint8 *sealed = sealed_of(section, "frame", &size);
    guint8 frame[FRAME_SIZE];
    guint32 number;
    if (size != FRAME_SIZE)
        return NULL;
    memcpy(&number, sealed, sizeof number);
    sealed_header(keys, FALSE, sealed, frame);
    if (!sealed_page_open(keys, SEALED_WAL, GUINT32_FROM_BE(number), offset, sealed + FRAME_HEADER,
                          frame + FRAME_HEADER))
        return NULL;
    return g_bytes_new(frame, sizeof frame);
}

static gboolean as_said(const char *section)
{
    g_autofree char *kind = g_key_file_get_value(vectors, section, "kind", NULL);
    g_autofree char *outcome = g_key_file_get_value(vectors, section, "outcome", NULL);
    guint64 offset = g_key_file_get_uint64(vectors, section, "offset", NULL);
    SealedKeys *keys = keys_of(section);
    g_autoptr(GBytes) bytes = strcmp(kind, "page") == 0 ? open_page(section, keys, offset)
                                                        : open_frame(section, keys, offset);
    sealed_keys_unref(keys);
    if (bytes == NULL)
        return strcmp(outcome, "damage") == 0;
    g_autofree char *sha256 = g_key_file_get_value(vectors, section, "sha256", NULL);
    g_autofree char *found = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    return strcmp(outcome, "open") == 0 && strcmp(found, sha256) == 0;
}

static void p4_40_every_page_opens_or_is_refused_as_its_vector_says(void **state)
{
    (void)state;
    gsize count;
    g_auto(GStrv) sections = g_key_file_get_groups(vectors, &count);
    for (char **section = sections; *section; section++)
        if (!as_said(*section))
            fail_msg("the vector %s", *section);
    assert_true(count >= 30);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_40_every_page_opens_or_is_refused_as_its_vector_says),
    };
    vectors = vectors_load("pages.ini");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_key_file_unref(vectors);
    return failed;
}
