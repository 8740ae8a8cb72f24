/* The published vectors, tests/vectors/seal.ini, against our own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "crypto/seal.h"
#include "tests/lib/vectors.h"

static GKeyFile *vectors;

/* Those of a section, or of the sections that it names. */
static GPtrArray *all_chunks(const char *section)
{
    g_autofree char *others = g_key_file_get_value(vectors, section, "chunks_of", NULL);
    g_auto(GStrv) sources = g_strsplit(others ? others : section, " ", -1);
    GPtrArray *chunks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (char **source = sources; *source; source++) {
        g_autofree char *list = g_key_file_get_value(vectors, *source, "chunks", NULL);
        g_auto(GStrv) texts = g_strsplit(list, ";", -1);
        for (char **text = texts; *text; text++) {
            gsize size;
            guchar *bytes = g_base64_decode(*text, &size);
            g_ptr_array_add(chunks, g_bytes_new_take(bytes, size));
        }
    }
    return chunks;
}

static void flip(const char *section, GPtrArray *chunks)
{
    g_autofree char *where = g_key_file_get_value(vectors, section, "flip", NULL);
    g_auto(GStrv) words = g_strsplit(where ? where : "", " ", -1);
    if (where == NULL)
        return;
    guint64 n = g_ascii_strtoull(words[0], NULL, 10), at = g_ascii_strtoull(words[1], NULL, 10);
    gsize size;
    g_autoptr(GBytes) old = chunks->pdata[n];
    guint8 *bytes = g_memdup2(g_bytes_get_data(old, &size), g_bytes_get_size(old));
    bytes[at] ^= 1;
    chunks->pdata[n] = g_bytes_new_take(bytes, size);
}

static GPtrArray *chunks_of(const char *section)
{
    g_autoptr(GPtrArray) all = all_chunks(section);
    g_autofree char *order = g_key_file_get_value(vectors, section, "order", NULL);
    GPtrArray *chunks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_auto(GStrv) numbers = g_strsplit(order ? order : "", ";", -1);
    for (guint i = 0; i < (order ? g_strv_length(numbers) : all->len); i++) {
        guint64 n = order ? g_ascii_strtoull(numbers[i], NULL, 10) : i;
        g_ptr_array_add(chunks, g_bytes_ref(all->pdata[n]));
    }
    flip(section, chunks);
    return chunks;
}

static GBytes *fetch(gpointer user, guint32 n, GError **error)
{
    (void)error;
    return g_bytes_ref(((GPtrArray *)user)->pdata[n]);
}

#define ROOM (16 * 1024 * 1024)

/* Reads PORTION bytes a time. */
static GBytes *read_all(Source *source, gsize portion, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autofree guint8 *room = g_malloc(portion);
    gssize got;
    while ((got = source_read(source, room, portion, error)) > 0)
        g_byte_array_append(all, room, (guint)got);
    return got < 0 ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

/* However large the portions are in which it is read, the outcome is the same. */
static GBytes *open_message(const char *section, GError **error)
{
    g_autoptr(GByteArray) vault_id = vectors_binary(vectors, section, "vault_id");
    g_autoptr(GByteArray) id = vectors_binary(vectors, section, "message_id");
    g_autoptr(GByteArray) key = vectors_binary(vectors, section, "message_key");
    g_autoptr(GPtrArray) chunks = chunks_of(section);
    static const gsize portions[] = {999, ROOM};
    GBytes *bytes[G_N_ELEMENTS(portions)];
    for (gsize i = 0; i < G_N_ELEMENTS(portions); i++) {
        g_autoptr(Source) source =
            open_source(vault_id->data, id->data, key->data, chunks->len, fetch, chunks);
        g_clear_error(error);
        bytes[i] = read_all(source, portions[i], error);
    }
    gboolean same = bytes[0] && bytes[1] ? g_bytes_equal(bytes[0], bytes[1]) : bytes[0] == bytes[1];
    if (!same)
        fail_msg("%s depends on how it is read", section);
    g_clear_pointer(&bytes[0], g_bytes_unref);
    return bytes[1];
}

static BatchKey *batch_of(const char *section, GError **error)
{
    g_autoptr(GByteArray) vault_id = vectors_binary(vectors, section, "vault_id");
    g_autoptr(GByteArray) private_key = vectors_binary(vectors, section, "vault_private");
    g_autoptr(GByteArray) ephemeral = vectors_binary(vectors, section, "ephemeral");
    g_autoptr(Secret) secret = secret_new(private_key->data, private_key->len);
    return batch_key_open(vault_id->data, secret, ephemeral->data, error);
}

static GBytes *open_record(const char *section, GError **error)
{
    g_autoptr(BatchKey) batch = batch_of(section, error);
    g_autoptr(GByteArray) sealed = vectors_binary(vectors, section, "sealed");
    g_autofree char *context = g_key_file_get_value(vectors, section, "context", NULL);
    return batch ? record_open(batch, context, sealed->data, sealed->len, error) : NULL;
}

static GBytes *open_wrap(const char *section, GError **error)
{
    g_autoptr(BatchKey) batch = batch_of(section, error);
    g_autoptr(GByteArray) sealed = vectors_binary(vectors, section, "sealed");
    g_autoptr(GByteArray) id = vectors_binary(vectors, section, "message_id");
    guint8 key[KEY_SIZE];
    if (batch == NULL || !key_unwrap(batch, id->data, sealed->data, sealed->len, key, error))
        return NULL;
    return g_bytes_new(key, sizeof key);
}

static void assert_opened(const char *section, GBytes *bytes)
{
    g_autofree char *sha256 = g_key_file_get_value(vectors, section, "sha256", NULL);
    g_autofree char *found = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    assert_int_equal(g_bytes_get_size(bytes),
                     g_key_file_get_uint64(vectors, section, "size", NULL));
    assert_string_equal(found, sha256);
}

static gboolean check(const char *section)
{
    g_autofree char *kind = g_key_file_get_value(vectors, section, "kind", NULL);
    g_autofree char *outcome = g_key_file_get_value(vectors, section, "outcome", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = strcmp(kind, "message") == 0  ? open_message(section, &error)
                              : strcmp(kind, "record") == 0 ? open_record(section, &error)
                                                            : open_wrap(section, &error);
    if (bytes)
        assert_opened(section, bytes);
    else
        assert_int_equal(error->code, POSTERN_ERROR_STORE);
    return (bytes != NULL) == (strcmp(outcome, "open") == 0);
}

static void p4_40_every_vector_opens_or_is_refused_as_it_says(void **state)
{
    (void)state;
    gsize count, broken = 0;
    g_auto(GStrv) sections = g_key_file_get_groups(vectors, &count);
    for (char **section = sections; *section; section++) {
        if (!check(*section))
            fail_msg("the vector %s", *section);
        g_autofree char *outcome = g_key_file_get_value(vectors, *section, "outcome", NULL);
        broken += strcmp(outcome, "damage") == 0;
    }
    assert_true(count >= 150 && broken > count / 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_40_every_vector_opens_or_is_refused_as_it_says),
    };
    vectors = vectors_load("seal.ini");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_key_file_unref(vectors);
    return failed;
}
