/* When the server has less than it had: what is removed here, and what is not. */
#include "tests/unit/fetchd/model-server.h"

/* Fetches COUNT messages; GONE of them, all of the first mailbox, are not there any more. */
static void lose(World *self, const Fixture *fixture, Way way, guint count, guint gone)
{
    world_start(self, fixture, 3, way);
    self->until_cut = -1;
    for (guint i = 0; i < count; i++) {
        Box *box = &self->mailboxes[i < gone ? 0 : 1];
        const Spot spot = {box->uidnext++, i, 0, ++box->modseq};
        g_array_append_val(box->spots, spot);
    }
    const Spot stays = {self->mailboxes[0].uidnext++, count, 0, ++self->mailboxes[0].modseq};
    g_array_append_val(self->mailboxes[0].spots, stays);
    assert_true(run_pass(self, GONE_REMOVE));
    Box *box = &self->mailboxes[0];
    for (guint i = 0; i < gone; i++) {
        const Vanished vanished = {spot_at(box, 0)->uid, ++box->modseq};
        g_array_append_val(box->vanished, vanished);
        g_array_remove_index(box->spots, 0);
    }
}

static void p6_59_more_than_a_tenth_and_fifty_wants_consent(void **state)
{
    /* One message more than COUNT is there: the one that stays. */
    static const struct {
        guint count, gone;
        gboolean braked;
    } cases[] = {{99, 50, FALSE}, {99, 51, TRUE}, {599, 60, FALSE}, {599, 61, TRUE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        void *again = NULL;
        World world;
        if (i > 0 && fixture_set_up(&again) != 0)
            fail();
        lose(&world, again ? again : *state, (Way)(i % 3), cases[i].count, cases[i].gone);
        gint64 chunks = number(world.fixture, "SELECT count(*) FROM chunk");
        gboolean fine = run_pass_as(&world, GONE_REMOVE, FALSE, "sync.brake");
        assert_int_equal(fine, !cases[i].braked);
        assert_int_equal(world.removed, fine ? cases[i].gone : 0);
        if (!fine) {
            assert_int_equal(number(world.fixture, "SELECT count(*) FROM chunk"), chunks);
            assert_false(run_pass_as(&world, GONE_REMOVE, FALSE, "sync.brake"));
            assert_true(run_pass_as(&world, GONE_REMOVE, TRUE, ""));
        }
        assert_int_equal(world.removed, cases[i].gone);
        assert_true(run_pass(&world, GONE_REMOVE));
        world_end(&world);
        if (again)
            fixture_tear_down(&again);
    }
}

static void p6_59_a_mailbox_that_is_suddenly_empty_removes_nothing(void **state)
{
    World world;
    lose(&world, *state, QRESYNC, 4, 3);
    g_array_set_size(world.mailboxes[0].spots, 0);
    world.mailboxes[0].modseq++;
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(world.removed, 0);
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 5);
    assert_true(run_pass_as(&world, GONE_REMOVE, TRUE, ""));
    assert_int_equal(world.removed, 4);
    world_end(&world);
}

/* It held nothing here but a message too large: nothing can be lost, and nothing is told again. */
static void p6_59_a_mailbox_whose_only_message_stayed_may_be_empty(void **state)
{
    World world;
    world_start(&world, *state, 3, QRESYNC);
    world.until_cut = -1;
    world.max_size = 100;
    Box *box = &world.mailboxes[0];
    const Spot spot = {box->uidnext++, 0, 0, ++box->modseq};
    g_array_append_val(box->spots, spot);
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(world.skipped, 1);
    const Vanished vanished = {spot.uid, ++box->modseq};
    g_array_append_val(box->vanished, vanished);
    g_array_set_size(box->spots, 0);
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM skipped"), 0);
    assert_int_equal(number(world.fixture, "SELECT max(modseq) FROM mailbox"), vanished.modseq);
    world_end(&world);
}

/* Twice another number of messages than it lists: nothing is taken for gone, and the rest is
 * fetched. */
static void p6_57_a_server_that_cannot_count_removes_nothing(void **state)
{
    World world;
    lose(&world, *state, PLAIN, 4, 3);
    world.overcount = 2;
    deliver(&world, &world.mailboxes[1]);
    assert_false(run_pass_as(&world, GONE_REMOVE, TRUE, "server.count"));
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 6);
    world.overcount = 0;
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 3);
    world_end(&world);
}

/* Deleted or renamed there, or only out of our sight: kept here, whatever `gone` says. */
static void p6_59_a_mailbox_that_is_listed_no_more_keeps_its_messages(void **state)
{
    World world;
    lose(&world, *state, CONDSTORE, 4, 2);
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(world.removed, 2);
    world.unlisted = TRUE;
    world.partial = TRUE; /* then it may be there */
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 3);
    world.partial = FALSE;
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(world.removed, 2);
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 1);
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM kept"), 2);
    assert_int_equal(number(world.fixture, "SELECT messages FROM total"), 3);
    world.unlisted = FALSE;
    assert_true(run_pass(&world, GONE_REMOVE));
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM placement"), 3);
    assert_int_equal(number(world.fixture, "SELECT count(*) FROM kept"), 0);
    assert_int_equal(number(world.fixture, "SELECT messages FROM total"), 3);
    world_end(&world);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(p6_59_more_than_a_tenth_and_fifty_wants_consent),
        CASE(p6_59_a_mailbox_that_is_suddenly_empty_removes_nothing),
        CASE(p6_59_a_mailbox_whose_only_message_stayed_may_be_empty),
        CASE(p6_57_a_server_that_cannot_count_removes_nothing),
        CASE(p6_59_a_mailbox_that_is_listed_no_more_keeps_its_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
