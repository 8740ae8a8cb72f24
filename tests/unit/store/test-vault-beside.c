/* Several writers of one process: each with batches of its own, in whatever order they are stored.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "store/ranges.h"
#include "store/vault-writer.h"
#include "tests/unit/store/fixture.h"

#define LARGE (LIMIT_STAGE_BYTES + 1000)

typedef struct {
    const Fixture *fixture;
    Vault *vault;
    VaultWriter *first, *second;
} Pair;

static Pair open_pair(const Fixture *fixture)
{
    Pair pair = {.fixture = fixture, .vault = fixture_open(fixture)};
    pair.first = fixture_writer(fixture, pair.vault);
    pair.second = vault_writer_beside(pair.first, fixture->match_key, NULL);
    assert_non_null(pair.second);
    return pair;
}

static void close_pair(Pair *pair)
{
    vault_writer_free(pair->first);
    vault_writer_free(pair->second);
    vault_close(pair->vault);
}

static void put_bytes(VaultWriter *writer, const char *account, guint32 uid, GBytes *mail)
{
    gsize size;
    const char *bytes = g_bytes_get_data(mail, &size);
    const Arrival arrival = {.account = account, .mailbox = "INBOX", .uid = uid, .internaldate = 1};
    store_mail(writer, bytes, size, &arrival);
}

/* Through the sealing thread, into the batch. */
static void settle(VaultWriter *writer)
{
    assert_true(sealing_settle(writer->sealing, NULL));
}

static void put(VaultWriter *writer, const char *account, guint32 uid, guint number, gsize size)
{
    g_autoptr(GBytes) mail = mail_number(number, size);
    put_bytes(writer, account, uid, mail);
}

/* So that it takes as much room sealed. */
static GBytes *incompressible(gsize size)
{
    guint8 *bytes = g_malloc(size);
    GRand *random = g_rand_new_with_seed(1);
    for (gsize i = 0; i < size; i++)
        bytes[i] = (guint8)g_rand_int(random);
    g_rand_free(random);
    return g_bytes_new_take(bytes, size);
}

static guint journalled(const Pair *pair)
{
    g_autoptr(GPtrArray) lines = everything(pair->fixture, pair->vault);
    return lines->len;
}

static void batches_are_stored_in_any_order_and_all_open(void **state)
{
    Pair pair = open_pair(*state);
    put(pair.first, "work", 1, 1, 3000);
    put(pair.second, "home", 1, 2, 3000);
    put(pair.first, "work", 2, 3, 3000);
    commit(pair.second, 1, 0);
    put(pair.second, "home", 2, 4, 3000);
    commit(pair.first, 2, 0);
    commit(pair.second, 1, 0);
    assert_int_equal(journalled(&pair), 4);
    assert_int_equal(number(*state, "SELECT count(*) FROM message WHERE stored = 1"), 4);
    close_pair(&pair);
}

static void what_two_got_at_the_same_time_is_stored_once(void **state)
{
    Pair pair = open_pair(*state);
    put(pair.first, "work", 1, 1, 3000);
    put(pair.first, "work", 2, 2, 3000);
    put(pair.second, "home", 7, 2, 3000);
    put(pair.second, "home", 8, 3, 3000);
    commit(pair.first, 2, 0);
    commit(pair.second, 1, 1);
    g_autoptr(GPtrArray) lines = everything(*state, pair.vault);
    assert_int_equal(lines->len, 4);
    /* Both records name the same message, and open. */
    const char *work = strrchr(lines->pdata[1], ' '), *home = strrchr(lines->pdata[2], ' ');
    assert_string_equal(work, home);
    assert_int_equal(number(*state, "SELECT count(*) FROM message"), 3);
    assert_int_equal(number(*state, "SELECT messages FROM total"), 3);
    assert_int_equal(number(*state, "SELECT count(*) FROM placement"), 4);
    close_pair(&pair);
}

static void what_was_spilled_of_the_second_copy_goes(void **state)
{
    Pair pair = open_pair(*state);
    g_autoptr(GBytes) large = incompressible(LARGE);
    put_bytes(pair.first, "work", 1, large);
    put_bytes(pair.second, "home", 1, large);
    settle(pair.first);
    settle(pair.second);
    gint64 both = number(*state, "SELECT count(*) FROM chunk");
    assert_int_equal(number(*state, "SELECT count(*) FROM message WHERE stored = 0"), 2);
    commit(pair.first, 1, 0);
    commit(pair.second, 0, 1);
    gint64 one = number(*state, "SELECT chunks FROM message");
    assert_true(one < both);
    assert_int_equal(number(*state, "SELECT count(*) FROM chunk"), one);
    assert_int_equal(number(*state, "SELECT count(*) FROM message"), 1);
    assert_int_equal(journalled(&pair), 2);
    close_pair(&pair);
}

static void p6_a_writer_that_leaves_drops_its_own_alone(void **state)
{
    Pair pair = open_pair(*state);
    g_autoptr(GBytes) large = incompressible(LARGE);
    put_bytes(pair.first, "work", 1, large);
    put(pair.second, "home", 1, 1, LARGE);
    g_autoptr(GBytes) other = incompressible(LARGE + 1);
    put_bytes(pair.second, "home", 2, other);
    settle(pair.first);
    settle(pair.second);
    vault_writer_free(g_steal_pointer(&pair.second));
    commit(pair.first, 1, 0);
    assert_int_equal(journalled(&pair), 1);
    assert_int_equal(number(*state, "SELECT count(*) FROM message"), 1);
    vault_writer_free(pair.first);
    vault_close(pair.vault);
}

/* In a process that ends without a word. */
static void killed(const Fixture *fixture, void (*work)(Pair *pair))
{
    pid_t pid = fork();
    if (pid == 0) {
        Pair pair = open_pair(fixture);
        work(&pair);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void spill_then_store_beside(Pair *pair)
{
    g_autoptr(GBytes) large = incompressible(LARGE);
    put_bytes(pair->first, "work", 1, large);
    settle(pair->first);
    put(pair->second, "home", 1, 1, 3000);
    commit(pair->second, 1, 0);
}

static void p6_an_older_batch_that_was_never_stored_is_swept_and_a_newer_one_stays(void **state)
{
    killed(*state, spill_then_store_beside);
    assert_int_equal(number(*state, "SELECT count(*) FROM batch"), 2);
    Pair pair = open_pair(*state);
    assert_int_equal(number(*state, "SELECT count(*) FROM batch"), 1);
    assert_int_equal(number(*state, "SELECT count(*) FROM message"), 1);
    assert_int_equal(number(*state, "SELECT count(*) FROM chunk"), 1);
    assert_int_equal(journalled(&pair), 1);
    close_pair(&pair);
}

static void spill_and_store_last(Pair *pair)
{
    spill_then_store_beside(pair);
    commit(pair->first, 1, 0);
}

static void p6_a_batch_that_was_begun_first_and_stored_last_takes_none_with_it(void **state)
{
    killed(*state, spill_and_store_last);
    Pair pair = open_pair(*state);
    assert_int_equal(number(*state, "SELECT count(*) FROM batch"), 2);
    assert_int_equal(journalled(&pair), 2);
    close_pair(&pair);
}

static void remove_all(VaultWriter *writer, const char *account)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    Departure *departure = g_new0(Departure, 1);
    departure->mailbox = g_strdup("INBOX");
    departure->uids = ranges_new();
    ranges_add(departure->uids, 1, 9);
    g_ptr_array_add(all, departure);
    Removal removal = {.remove = TRUE, .most = 9};
    assert_true(vault_depart(writer, account, all, &removal, NULL));
    assert_int_equal(removal.removed, 1);
}

static void p6_what_was_removed_while_it_arrived_anew_is_not_taken_for_here(void **state)
{
    Pair pair = open_pair(*state);
    g_autoptr(GError) error = NULL;
    put(pair.first, "work", 1, 1, 3000);
    commit(pair.first, 1, 0);
    put(pair.second, "home", 5, 1, 3000);
    settle(pair.second);
    remove_all(pair.first, "work");
    assert_false(vault_commit(pair.second, NULL, NULL, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.changed");
    assert_int_equal(number(*state, "SELECT count(*) FROM placement"), 0);
    close_pair(&pair);
}

static void p10_all_writers_together_hold_a_bounded_number_of_bytes(void **state)
{
    enum { WRITERS = 6 };
    const gsize share = LIMIT_STAGE_BYTES - 100 * 1024; /* none would spill for itself */
    Pair pair = open_pair(*state);
    VaultWriter *more[WRITERS];
    g_autoptr(GBytes) large = incompressible(share);
    G_STATIC_ASSERT(WRITERS * (LIMIT_STAGE_BYTES - 100 * 1024) > LIMIT_ALL_STAGED_BYTES);
    for (guint i = 0; i < WRITERS; i++) {
        more[i] = vault_writer_beside(pair.first, pair.fixture->match_key, NULL);
        put_bytes(more[i], "work", i + 1, large);
        gint64 arriving = number(*state, "SELECT count(*) FROM message WHERE stored = 0");
        assert_int_equal(arriving > 0, (i + 1) * share >= LIMIT_ALL_STAGED_BYTES);
    }
    for (guint i = 0; i < WRITERS; i++) {
        commit(more[i], i == 0, i != 0);
        vault_writer_free(more[i]);
    }
    assert_int_equal(journalled(&pair), WRITERS);
    close_pair(&pair);
}

typedef struct {
    VaultWriter *writer;
    guint number;
} Crew;

#define CREW 4
#define EACH 300

/* Half of it is everybody's. */
static gpointer fill(gpointer user)
{
    const Crew *self = user;
    g_autofree char *account = g_strdup_printf("account-%u", self->number);
    for (guint i = 0; i < EACH; i++) {
        put(self->writer, account, i + 1, i % 2 ? i : 1000 * (self->number + 1) + i, 2000);
        if (i % 50 == 49)
            assert_true(vault_commit(self->writer, NULL, NULL, NULL));
    }
    return NULL;
}

static void threads_fill_one_vault_together(void **state)
{
    Pair pair = open_pair(*state);
    Crew crew[CREW];
    GThread *threads[CREW];
    for (guint i = 0; i < CREW; i++) {
        crew[i] = (Crew){vault_writer_beside(pair.first, pair.fixture->match_key, NULL), i};
        assert_non_null(crew[i].writer);
    }
    for (guint i = 0; i < CREW; i++)
        threads[i] = g_thread_new("fill", fill, &crew[i]);
    for (guint i = 0; i < CREW; i++) {
        g_thread_join(threads[i]);
        vault_writer_free(crew[i].writer);
    }
    assert_int_equal(journalled(&pair), CREW * EACH);
    assert_int_equal(number(*state, "SELECT count(*) FROM message"), CREW * EACH / 2 + EACH / 2);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
        CASE(batches_are_stored_in_any_order_and_all_open),
        CASE(what_two_got_at_the_same_time_is_stored_once),
        CASE(what_was_spilled_of_the_second_copy_goes),
        CASE(p6_a_writer_that_leaves_drops_its_own_alone),
        CASE(p6_an_older_batch_that_was_never_stored_is_swept_and_a_newer_one_stays),
        CASE(p6_a_batch_that_was_begun_first_and_stored_last_takes_none_with_it),
        CASE(p6_what_was_removed_while_it_arrived_anew_is_not_taken_for_here),
        CASE(p10_all_writers_together_hold_a_bounded_number_of_bytes),
        CASE(threads_fill_one_vault_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
