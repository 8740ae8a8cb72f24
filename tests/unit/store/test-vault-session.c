/* Session keys that are kept in the vault, for what may have them and for no other. */
#include "store/vault-session.h"

#include <string.h>

#include "store/share.h"
#include "store/vault-single.h"
#include "tests/lib/gnupg-home.h"
#include "tests/unit/store/fixture.h"

#define KEY "9:00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
#define KEPT "SELECT count(*) FROM session"

typedef struct {
    char ids[4][17];
    guint count;
} Ids;

static gboolean take_id(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    Ids *ids = user;
    g_strlcpy(ids->ids[ids->count++], record->id, 17);
    return ids->count < G_N_ELEMENTS(ids->ids);
}

/* Two messages, and a third that is sealed singly. */
static Ids fill(const Fixture *fixture, Vault *vault)
{
    Ids ids = {.count = 0};
    char *to[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    vault_writer_set_keys(writer, to);
    for (guint32 uid = 1; uid <= 3; uid++) {
        const Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = uid};
        guint8 mail[] = {'a', (guint8)uid, '\n'};
        g_autoptr(GBytes) head = g_bytes_new(mail, sizeof mail);
        g_autoptr(GBytes) share = share_make(head, INDEX_FULL, sizeof mail);
        assert_true(vault_message_start(writer, NULL));
        assert_true(vault_message_write(writer, mail, sizeof mail, NULL));
        assert_true(uid == 3 ? vault_message_finish_singly(writer, &arrival, share, NULL)
                             : vault_message_finish(writer, &arrival, NULL));
    }
    commit(writer, 3, 0);
    assert_true(vault_replay(vault, fixture->private_key, 0, take_id, &ids, NULL));
    return ids;
}

static SessionKeys *kept_of(const Fixture *fixture, Vault *vault, const char *id)
{
    g_autoptr(GError) error = NULL;
    SessionKeys *keys = vault_session_keys(vault, fixture->private_key, id, &error);
    assert_null(error);
    return keys;
}

static void keep(const Fixture *fixture, Vault *vault, const char *id)
{
    g_autoptr(GBytes) message = g_bytes_new_static("message", 7);
    g_autoptr(SessionKeys) keys = session_keys_new();
    session_keys_add(keys, message, KEY);
    assert_true(vault_keep_session_keys(vault, fixture->private_key, id, keys, NULL));
}

static void what_is_kept_is_there_again(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GBytes) message = g_bytes_new_static("message", 7);
    g_autoptr(Vault) vault = fixture_open(fixture);
    Ids ids = fill(fixture, vault);
    g_autoptr(SessionKeys) before = kept_of(fixture, vault, ids.ids[0]);
    assert_non_null(before);
    assert_false(session_keys_any(before));
    keep(fixture, vault, ids.ids[0]);
    keep(fixture, vault, ids.ids[0]); /* again, in its place */
    assert_int_equal(number(fixture, KEPT), 1);
    g_autoptr(SessionKeys) after = kept_of(fixture, vault, ids.ids[0]);
    const Secret *key = session_keys_find(after, message);
    assert_non_null(key);
    assert_string_equal((const char *)secret_bytes(key), KEY);
    g_autoptr(SessionKeys) other = kept_of(fixture, vault, ids.ids[1]);
    assert_false(session_keys_any(other));
    g_autofree char *found = find_needle(fixture->dir, "00112233445566778899AABB");
    assert_null(found);
}

static void p4_48_of_what_is_sealed_singly_nothing_is_kept(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    Ids ids = fill(fixture, vault);
    assert_null(kept_of(fixture, vault, ids.ids[2]));
    keep(fixture, vault, ids.ids[2]);
    assert_int_equal(number(fixture, KEPT), 0);
    assert_null(kept_of(fixture, vault, "aaaaaaaaaaaaaaaa"));
    assert_null(kept_of(fixture, vault, "no id"));
}

static void p4_40_a_record_in_another_place_is_none(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    Ids ids = fill(fixture, vault);
    keep(fixture, vault, ids.ids[0]);
    tamper(fixture, "UPDATE session SET message = message + 1");
    g_autoptr(SessionKeys) other = kept_of(fixture, vault, ids.ids[1]);
    assert_non_null(other); /* so that it can be kept anew */
    assert_false(session_keys_any(other));
    keep(fixture, vault, ids.ids[1]);
    tamper(fixture, "UPDATE session SET record = CAST(record || x'00' AS BLOB)");
    g_autoptr(SessionKeys) longer = kept_of(fixture, vault, ids.ids[1]);
    assert_false(session_keys_any(longer));
}

static void all_are_forgotten_together(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    Ids ids = fill(fixture, vault);
    keep(fixture, vault, ids.ids[0]);
    keep(fixture, vault, ids.ids[1]);
    assert_true(vault_forget_session_keys(vault, NULL));
    assert_int_equal(number(fixture, KEPT), 0);
    assert_true(vault_forget_session_keys(vault, NULL));
}

static void what_is_removed_takes_its_keys_along(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    Ids ids = fill(fixture, vault);
    keep(fixture, vault, ids.ids[0]);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) departures =
        g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    Departure *departure = g_new0(Departure, 1);
    departure->mailbox = g_strdup("INBOX");
    departure->uids = g_array_new(FALSE, FALSE, sizeof(UidRange));
    const UidRange all = {1, 3};
    g_array_append_val(departure->uids, all);
    g_ptr_array_add(departures, departure);
    Removal removal = {.remove = TRUE, .most = 10};
    GError *error = NULL;
    if (!vault_depart(writer, "work", departures, &removal, &error))
        fail_msg("%s", error->message);
    assert_int_equal(number(fixture, KEPT), 0);
    assert_null(kept_of(fixture, vault, ids.ids[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_kept_is_there_again),
        TEST(p4_48_of_what_is_sealed_singly_nothing_is_kept),
        TEST(p4_40_a_record_in_another_place_is_none),
        TEST(all_are_forgotten_together),
        TEST(what_is_removed_takes_its_keys_along),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
