/* The vault's limits of time and of flags. The clock is ours: it stands before GLib's. */
#include "tests/unit/store/fixture.h"

#include <string.h>
#include <time.h>

#include "core/limits.h"
#include "store/vault-record.h"

static gint64 ahead_us;

gint64 g_get_monotonic_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + ahead_us;
}

static void p6_a_batch_that_lasts_is_due_at_the_limit(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    ahead_us += 2 * LIMIT_BATCH_MS * 1000; /* before it begins */
    assert_false(vault_batch_due(writer));
    store_mail(writer, "mail", 4, &inbox_7);
    assert_false(vault_batch_due(writer));
    ahead_us += (LIMIT_BATCH_MS - 2000) * 1000;
    assert_false(vault_batch_due(writer));
    ahead_us += 2000 * 1000;
    assert_true(vault_batch_due(writer));
    commit(writer, 1, 0);
    assert_false(vault_batch_due(writer));
}

static GStrv flags_numbered(guint count)
{
    GStrv flags = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++)
        flags[i] = g_strdup_printf("$Flag%u", i + 1);
    return flags;
}

static void p8_flags_over_the_limit_are_left_out(void **state)
{
    (void)state;
    g_auto(GStrv) flags = flags_numbered(LIMIT_FLAGS + 1);
    JournalKind kind;
    Arrival arrival = inbox_7, read;
    arrival.flags = flags;
    g_autoptr(GBytes) packed = journal_pack(JOURNAL_ARRIVAL, &arrival);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(packed, &size);
    assert_true(journal_unpack(bytes, size, &kind, &read));
    assert_int_equal(g_strv_length(read.flags), LIMIT_FLAGS);
    assert_string_equal(read.flags[LIMIT_FLAGS - 1], "$Flag100");
    arrival_clear(&read);
}

/* A record of somebody who has the public key may hold anything. */
static void p8_a_record_with_more_flags_is_refused(void **state)
{
    (void)state;
    g_auto(GStrv) flags = flags_numbered(LIMIT_FLAGS);
    JournalKind kind;
    Arrival arrival = inbox_7, read;
    arrival.flags = flags;
    g_autoptr(GBytes) packed = journal_pack(JOURNAL_ARRIVAL, &arrival);
    g_autoptr(GByteArray) record = g_bytes_unref_to_array(g_bytes_ref(packed));
    static const guint8 one_more[] = {0, 0, 0, 1, 'x'};
    gsize count_at = record->len;
    for (guint i = 0; i < LIMIT_FLAGS; i++)
        count_at -= 4 + strlen(flags[i]);
    count_at -= 2;
    assert_int_equal(record->data[count_at + 1], LIMIT_FLAGS);
    record->data[count_at + 1]++;
    g_byte_array_append(record, one_more, sizeof one_more);
    assert_false(journal_unpack(record->data, record->len, &kind, &read));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p6_a_batch_that_lasts_is_due_at_the_limit),
        TEST(p8_flags_over_the_limit_are_left_out),
        TEST(p8_a_record_with_more_flags_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
