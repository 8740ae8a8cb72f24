#include "crypto/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"

static guint8 vault_id[VAULT_ID_SIZE], vault_public[KEY_SIZE];
static Secret *vault_private;

static void assert_refused(GError *error, const char *rule)
{
    assert_non_null(error);
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    assert_string_equal(postern_error_rule(error), rule);
    g_error_free(error);
}

static BatchKey *fresh(guint8 ephemeral[static KEY_SIZE])
{
    BatchKey *key = batch_key_new(vault_id, vault_public, ephemeral, NULL);
    assert_non_null(key);
    return key;
}

static gboolean record_opens(const BatchKey *key, const char *context, const guint8 *sealed,
                             gsize size)
{
    GError *error = NULL;
    g_autoptr(GBytes) record = record_open(key, context, sealed, size, &error);
    if (record == NULL)
        assert_refused(error, "vault.record");
    return record != NULL;
}

static void the_vaults_private_key_opens_what_the_public_one_sealed(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE];
    g_autoptr(BatchKey) writer = fresh(ephemeral);
    g_autoptr(BatchKey) reader = batch_key_open(vault_id, vault_private, ephemeral, NULL);
    assert_non_null(reader);
    for (gsize size = 0; size < 300; size += 7) {
        g_autofree char *data = g_strnfill(size, 'n');
        g_autoptr(GBytes) sealed = record_seal(writer, "journal", data, size);
        gsize sealed_size;
        const guint8 *bytes = g_bytes_get_data(sealed, &sealed_size);
        g_autoptr(GBytes) record = record_open(reader, "journal", bytes, sealed_size, NULL);
        assert_non_null(record);
        assert_int_equal(g_bytes_get_size(record), size);
        assert_memory_equal(size ? g_bytes_get_data(record, NULL) : "", data, size);
    }
}

static void p4_36_the_length_of_a_name_does_not_show(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE];
    g_autoptr(BatchKey) key = fresh(ephemeral);
    g_autoptr(GBytes) brief = record_seal(key, "name", "INBOX", 5);
    g_autofree char *name = g_strnfill(60, 'x');
    g_autoptr(GBytes) longer = record_seal(key, "name", name, 60);
    assert_int_equal(g_bytes_get_size(brief), g_bytes_get_size(longer));
}

static void p4_40_every_flipped_bit_and_every_cut_of_a_record_is_noticed(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE];
    g_autoptr(BatchKey) key = fresh(ephemeral);
    g_autoptr(GBytes) sealed = record_seal(key, "journal", "needle", 6);
    gsize size = g_bytes_get_size(sealed);
    g_autofree guint8 *bytes = g_memdup2(g_bytes_get_data(sealed, NULL), size);
    assert_true(record_opens(key, "journal", bytes, size));
    for (gsize bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (guint8)(1 << bit % 8);
        assert_false(record_opens(key, "journal", bytes, size));
        bytes[bit / 8] ^= (guint8)(1 << bit % 8);
    }
    for (gsize cut = 0; cut < size; cut++)
        assert_false(record_opens(key, "journal", bytes, cut));
}

static void p4_40_a_record_opens_only_where_it_belongs(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE], other_ephemeral[KEY_SIZE], other_vault[VAULT_ID_SIZE] = {0};
    g_autoptr(BatchKey) key = fresh(ephemeral);
    g_autoptr(BatchKey) other = fresh(other_ephemeral);
    g_autoptr(BatchKey) elsewhere = batch_key_open(other_vault, vault_private, ephemeral, NULL);
    g_autoptr(GBytes) sealed = record_seal(key, "journal", "needle", 6);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(sealed, &size);
    assert_false(record_opens(key, "name", bytes, size));
    assert_false(record_opens(key, "journa", bytes, size));
    assert_false(record_opens(other, "journal", bytes, size));
    assert_false(record_opens(elsewhere, "journal", bytes, size));
}

static void p5_50_each_batch_has_a_key_of_its_own(void **state)
{
    (void)state;
    guint8 one[KEY_SIZE], other[KEY_SIZE];
    g_autoptr(BatchKey) first = fresh(one);
    g_autoptr(BatchKey) second = fresh(other);
    assert_non_null(second);
    assert_memory_not_equal(one, other, KEY_SIZE);
    /* All that the fetching side keeps is public: without the private half it is not enough. */
    guint8 stranger[KEY_SIZE], stranger_public[KEY_SIZE];
    x25519_generate(stranger, stranger_public);
    g_autoptr(Secret) wrong = secret_new(stranger, KEY_SIZE);
    g_autoptr(BatchKey) guessed = batch_key_open(vault_id, wrong, one, NULL);
    g_autoptr(GBytes) sealed = record_seal(first, "journal", "needle", 6);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(sealed, &size);
    assert_false(record_opens(guessed, "journal", bytes, size));
    batch_key_free(NULL);
}

static void a_message_key_unwraps_for_its_message_alone(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE], other_ephemeral[KEY_SIZE], id[MESSAGE_ID_SIZE] = "message-1";
    guint8 message_key[KEY_SIZE], wrapped[WRAP_SIZE], out[KEY_SIZE], zero[KEY_SIZE] = {0};
    g_autoptr(BatchKey) key = fresh(ephemeral);
    g_autoptr(BatchKey) other = fresh(other_ephemeral);
    random_bytes(message_key, sizeof message_key);
    key_wrap(key, id, message_key, wrapped);
    assert_int_equal(wrapped[0], WRAP_BATCH);
    assert_true(key_unwrap(key, id, wrapped, sizeof wrapped, out, NULL));
    assert_memory_equal(out, message_key, KEY_SIZE);

    GError *error = NULL;
    assert_false(key_unwrap(other, id, wrapped, sizeof wrapped, out, &error));
    assert_memory_equal(out, zero, KEY_SIZE);
    assert_refused(error, "vault.wrap");
    error = NULL;
    id[0] ^= 1;
    assert_false(key_unwrap(key, id, wrapped, sizeof wrapped, out, &error));
    assert_refused(error, "vault.wrap");
}

static void p4_40_a_changed_wrap_is_noticed(void **state)
{
    (void)state;
    guint8 ephemeral[KEY_SIZE], id[MESSAGE_ID_SIZE] = {0};
    guint8 message_key[KEY_SIZE] = {1}, wrapped[WRAP_SIZE], out[KEY_SIZE];
    g_autoptr(BatchKey) key = fresh(ephemeral);
    key_wrap(key, id, message_key, wrapped);
    for (gsize bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (guint8)(1 << bit % 8);
        g_autoptr(GError) error = NULL;
        assert_false(key_unwrap(key, id, wrapped, sizeof wrapped, out, &error));
        wrapped[bit / 8] ^= (guint8)(1 << bit % 8);
    }
    for (gsize cut = 0; cut < sizeof wrapped; cut++) {
        g_autoptr(GError) error = NULL;
        assert_false(key_unwrap(key, id, wrapped, cut, out, &error));
    }
}

static void a_public_key_that_is_none_is_refused(void **state)
{
    (void)state;
    guint8 zero[KEY_SIZE] = {0}, ephemeral[KEY_SIZE];
    GError *error = NULL;
    assert_null(batch_key_new(vault_id, zero, ephemeral, &error));
    assert_refused(error, "vault.key");
    error = NULL;
    assert_null(batch_key_open(vault_id, vault_private, zero, &error));
    assert_refused(error, "vault.batch");
    g_autoptr(Secret) brief = secret_new("x", 1);
    error = NULL;
    assert_null(batch_key_open(vault_id, brief, vault_public, &error));
    assert_refused(error, "vault.batch");
}

static int make_vault(void **state)
{
    (void)state;
    guint8 private_key[KEY_SIZE];
    random_bytes(vault_id, sizeof vault_id);
    x25519_generate(private_key, vault_public);
    vault_private = secret_new(private_key, KEY_SIZE);
    return 0;
}

static int remove_vault(void **state)
{
    (void)state;
    secret_free(vault_private);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vaults_private_key_opens_what_the_public_one_sealed),
        cmocka_unit_test(p4_36_the_length_of_a_name_does_not_show),
        cmocka_unit_test(p4_40_every_flipped_bit_and_every_cut_of_a_record_is_noticed),
        cmocka_unit_test(p4_40_a_record_opens_only_where_it_belongs),
        cmocka_unit_test(p5_50_each_batch_has_a_key_of_its_own),
        cmocka_unit_test(a_message_key_unwraps_for_its_message_alone),
        cmocka_unit_test(p4_40_a_changed_wrap_is_noticed),
        cmocka_unit_test(a_public_key_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, make_vault, remove_vault);
}
