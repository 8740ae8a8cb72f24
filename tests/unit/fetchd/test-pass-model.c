/*
 * IMAP passes beside a model: a server in memory whose mailboxes change at random, in the three
 * ways in which servers tell it (QRESYNC, CONDSTORE, not at all), with lines cut in between. After
 * each pass that went through, the vault says what the server has, and nothing was lost.
 */
#include "core/limits.h"
#include "tests/unit/fetchd/model-server.h"

#define LIVES 9
#define PASSES 12

typedef struct {
    GHashTable *lines; /* "mailbox uid row" -> flags */
    GHashTable *ids;   /* row -> subject's number */
} Replay;

static gboolean replay_one(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    Replay *replay = user;
    const Arrival *arrival = &record->arrival;
    g_autofree char *key =
        g_strdup_printf("%s %u %" G_GINT64_FORMAT, arrival->mailbox, arrival->uid, record->row);
    g_autoptr(GString) flags = g_string_new(NULL);
    for (guint i = 0; i < WORDS; i++)
        if (arrival->flags && g_strv_contains((const char *const *)arrival->flags, model_words[i]))
            g_string_append_printf(flags, "%s ", model_words[i]);
    if (record->kind == JOURNAL_GONE)
        g_hash_table_remove(replay->lines, key);
    else
        g_hash_table_insert(replay->lines, g_strdup(key),
                            g_string_free(g_steal_pointer(&flags), FALSE));
    return TRUE;
}

static char *flags_text(guint bits)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < WORDS; i++)
        if (bits & 1u << i)
            g_string_append_printf(text, "%s ", model_words[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Does it stay on the server? Then as what the server says, or sent, and for a reason. */
static gboolean is_left(World *self, guint32 uidvalidity, const Spot *spot)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT coalesce(max(size), 0) FROM skipped s JOIN mailbox b ON b.id = "
                        "s.mailbox WHERE s.uid = %u AND b.uidvalidity = %u AND b.former = 0",
                        spot->uid, uidvalidity);
    guint64 size = (guint64)number(self->fixture, sql);
    if (size == 0)
        return FALSE;
    assert_true(size == letter_size(spot->letter) || size == letter_told(spot->letter));
    assert_true(size > (self->max_size && !self->large ? self->max_size : LIMIT_MESSAGE_BYTES));
    return TRUE;
}

/* Each place once, with its flags, and the right bytes behind it. */
static void assert_same(World *self)
{
    g_autoptr(Vault) vault = fixture_open(self->fixture);
    Replay replay = {.lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    assert_true(vault_replay(vault, self->fixture->private_key, 0, replay_one, &replay, NULL));
    guint places = 0, left = 0;
    for (guint m = 0; m < MAILBOXES; m++)
        for (guint i = 0; i < self->mailboxes[m].spots->len; i++) {
            const Spot *spot = spot_at(&self->mailboxes[m], i);
            if (is_left(self, self->mailboxes[m].uidvalidity, spot)) {
                left++;
                continue;
            }
            places++;
            g_autofree char *sql = g_strdup_printf(
                "SELECT message FROM placement p JOIN mailbox b ON b.id = p.mailbox WHERE "
                "p.uid = %u AND b.uidvalidity = %u AND b.former = 0",
                spot->uid, self->mailboxes[m].uidvalidity);
            gint64 row = number(self->fixture, sql);
            g_autofree char *key =
                g_strdup_printf("%s %u %" G_GINT64_FORMAT, model_names[m], spot->uid, row);
            g_autofree char *flags = flags_text(spot->flags);
            assert_non_null(g_hash_table_lookup(replay.lines, key));
            assert_string_equal(g_hash_table_lookup(replay.lines, key), flags);
            self->fetched[spot->letter] = TRUE;
        }
    assert_int_equal(g_hash_table_size(replay.lines), places);
    assert_int_equal(number(self->fixture, "SELECT count(*) FROM skipped"), left);
    assert_int_equal(number(self->fixture, "SELECT count(*) FROM placement"), places);
    assert_int_equal(number(self->fixture, "SELECT sum(messages) FROM mailbox"), places);
    assert_int_equal(number(self->fixture, "SELECT messages FROM account"),
                     places + (guint)number(self->fixture, "SELECT count(*) FROM kept"));
    g_hash_table_unref(replay.lines);
}

static void live_and_sync(World *self, int gone, gboolean limits)
{
    for (guint i = 0; i < PASSES; i++) {
        live(self);
        self->max_size = limits ? 300 * any(self, 4) : 0;
        self->large = limits && any(self, 6) == 0;
        self->until_cut = any(self, 2) ? (gint)any(self, 30) : -1;
        if (run_pass(self, gone))
            assert_same(self);
    }
    self->until_cut = -1;
    assert_true(run_pass(self, gone));
    assert_same(self);
}

static void in_each_life(void **state, int gone, gboolean limits)
{
    for (guint32 seed = 0; seed < LIVES; seed++) {
        void *again = NULL;
        if (seed > 0 && fixture_set_up(&again) != 0)
            fail();
        World world;
        world_start(&world, again ? again : *state, seed, (Way)(seed % 3));
        live_and_sync(&world, gone, limits);
        guint fetched = 0;
        for (guint i = 0; i < LETTERS; i++)
            fetched += world.fetched[i];
        if (gone == GONE_KEEP) { /* all that was ever here still is */
            assert_int_equal(number(world.fixture, "SELECT count(*) FROM message WHERE stored = 1"),
                             number(world.fixture, "SELECT count(*) FROM message"));
            assert_true(number(world.fixture, "SELECT messages FROM total") >= fetched);
        } else { /* and here, what is still somewhere */
            assert_int_equal(number(world.fixture, "SELECT messages FROM total"),
                             number(world.fixture,
                                    "SELECT count(*) FROM (SELECT message FROM placement UNION "
                                    "SELECT message FROM kept)"));
            assert_int_equal(number(world.fixture, "SELECT count(*) FROM message WHERE stored = 3"),
                             world.removed);
        }
        world_end(&world);
        if (again)
            fixture_tear_down(&again);
    }
}

static void p6_random_lives_end_as_the_server_says(void **state)
{
    in_each_life(state, GONE_KEEP, FALSE);
}

static void p6_random_lives_remove_what_is_nowhere(void **state)
{
    in_each_life(state, GONE_REMOVE, FALSE);
}

static void p6_random_lives_leave_what_is_too_large(void **state)
{
    in_each_life(state, GONE_KEEP, TRUE);
}

static void p6_random_lives_leave_what_is_too_large_and_remove(void **state)
{
    in_each_life(state, GONE_REMOVE, TRUE);
}

/* What is left is exactly what is too large by the server's word or by its bytes; it is asked for
 * once, and fetched once it fits. */
static void p6_what_is_too_large_stays_until_it_fits(void **state)
{
    World world;
    for (Way way = PLAIN; way <= QRESYNC; way++) {
        void *again = NULL;
        guint left = 0, more = 0, unfit = 0;
        if (way > PLAIN && fixture_set_up(&again) != 0)
            fail();
        world_start(&world, again ? again : *state, 5, way);
        world.until_cut = -1;
        world.max_size = 500;
        for (guint i = 0; i < LETTERS; i++) {
            Box *box = &world.mailboxes[i % 2];
            const Spot spot = {box->uidnext++, i, 0, ++box->modseq};
            g_array_append_val(box->spots, spot);
            guint64 size = letter_size(i), told = letter_told(i);
            left += size > 500 || told > 500;
            more += size > 700 || told > 700;
            unfit += told > LIMIT_MESSAGE_BYTES;
        }
        assert_in_range(more, 1, left - 1);
        assert_true(run_pass(&world, GONE_KEEP));
        assert_same(&world);
        assert_int_equal(world.skipped, left);
        assert_int_equal(number(world.fixture, "SELECT count(*) FROM skipped"), left);

        assert_true(run_pass(&world, GONE_KEEP));
        assert_int_equal(world.asked, way == PLAIN ? 4 : 2);
        assert_int_equal(world.skipped, 0);

        world.max_size = 700;
        assert_true(run_pass(&world, GONE_KEEP));
        assert_same(&world);
        assert_int_equal(number(world.fixture, "SELECT count(*) FROM skipped"), more);
        /* What is here stays here. */
        world.max_size = 1;
        assert_true(run_pass(&world, GONE_KEEP));
        assert_same(&world);
        assert_int_equal(number(world.fixture, "SELECT count(*) FROM skipped"), more);
        world.large = TRUE;
        assert_true(run_pass(&world, GONE_KEEP));
        assert_same(&world);
        assert_int_equal(number(world.fixture, "SELECT count(*) FROM skipped"), unfit);
        world_end(&world);
        if (again)
            fixture_tear_down(&again);
    }
}

static void with_nothing_new_nothing_is_asked_and_nothing_written(void **state)
{
    World world;
    for (Way way = PLAIN; way <= QRESYNC; way++) {
        world_start(&world, *state, 7, way);
        world.until_cut = -1;
        for (guint i = 0; i < 30; i++)
            deliver(&world, &world.mailboxes[i % 2]);
        assert_true(run_pass(&world, GONE_KEEP));
        gint64 before = number(world.fixture, "SELECT max(sequence) FROM journal");
        assert_true(run_pass(&world, GONE_KEEP));
        assert_int_equal(number(world.fixture, "SELECT max(sequence) FROM journal"), before);
        /* One EXAMINE a mailbox; a server that counts no changes tells all flags besides. */
        assert_int_equal(world.asked, way == PLAIN ? 4 : 2);
        world_end(&world);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(p6_random_lives_end_as_the_server_says),
        CASE(p6_random_lives_remove_what_is_nowhere),
        CASE(p6_random_lives_leave_what_is_too_large),
        CASE(p6_random_lives_leave_what_is_too_large_and_remove),
        CASE(p6_what_is_too_large_stays_until_it_fits),
        CASE(with_nothing_new_nothing_is_asked_and_nothing_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
