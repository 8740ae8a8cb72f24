/* What the connections of one account share: nobody visits a mailbox twice, and nothing is
 * forgotten. */
#include "fetchd/tour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"

#define MAILBOXES 500
#define HELPERS 4

typedef struct {
    EngineRun run;
    TourGround ground;
    Outcome outcome;
    Tour *tour;
    MailboxName names[MAILBOXES];
    GPtrArray *mailboxes;
    gint visited[MAILBOXES]; /* atomic */
    guint64 told, total;
    guint telling;
} World;

/* One at a time: else `telling` shows it. */
static void progress(gpointer user, const char *account, guint64 messages, guint64 total,
                     guint64 bytes)
{
    World *self = user;
    (void)account;
    assert_int_equal(self->telling++, 0);
    assert_true(messages >= self->told);
    assert_int_equal(bytes, 10 * messages);
    self->told = messages;
    self->total = total;
    self->telling--;
}

static int set_up(void **state)
{
    World *self = g_new0(World, 1);
    self->run = (EngineRun){.progress = progress, .user = self, .stop_fd = -1};
    self->ground = (TourGround){.run = &self->run, .bell = -1};
    self->tour = tour_new(&self->ground, &self->outcome);
    self->mailboxes = g_ptr_array_new();
    for (guint i = 0; i < MAILBOXES; i++)
        g_ptr_array_add(self->mailboxes, &self->names[i]);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    World *self = *state;
    tour_free(self->tour);
    g_ptr_array_unref(self->mailboxes);
    g_free(self);
    return 0;
}

static GError *failure(const char *rule)
{
    GError *error = NULL;
    refuse(&error, POSTERN_ERROR_TEMPORARY, rule, "wait", "%s happened", rule);
    return error;
}

static void visit_all(World *self)
{
    for (const MailboxName *name; (name = tour_next(self->tour)) != NULL;) {
        g_atomic_int_inc(&self->visited[name - self->names]);
        tour_expect(self->tour, 2);
        tour_advance(self->tour, "work", 1, 10);
        tour_stored(self->tour, 1, 2);
    }
}

static gpointer help(gpointer user)
{
    World *self = user;
    visit_all(self);
    tour_leave(self->tour, NULL);
    return NULL;
}

static void each_mailbox_is_visited_once_and_all_is_counted(void **state)
{
    World *self = *state;
    GThread *threads[HELPERS];
    tour_share(self->tour, self->mailboxes, 0, HELPERS + 1);
    assert_int_equal(tour_wants(self->tour), HELPERS);
    for (guint i = 0; i < HELPERS; i++)
        assert_true(tour_join(self->tour));
    for (guint i = 0; i < HELPERS; i++)
        threads[i] = g_thread_new("help", help, self);
    visit_all(self);
    assert_true(tour_gather(self->tour, NULL));
    for (guint i = 0; i < MAILBOXES; i++)
        assert_int_equal(g_atomic_int_get(&self->visited[i]), 1);
    assert_int_equal(self->outcome.stored, MAILBOXES);
    assert_int_equal(self->outcome.known, 2 * MAILBOXES);
    assert_int_equal(self->told, MAILBOXES);
    assert_int_equal(self->total, 2 * MAILBOXES);
    for (guint i = 0; i < HELPERS; i++)
        g_thread_join(threads[i]);
}

static void as_many_are_wanted_as_there_are_mailboxes(void **state)
{
    World *self = *state;
    g_ptr_array_set_size(self->mailboxes, 3);
    tour_share(self->tour, self->mailboxes, 0, 8);
    assert_int_equal(tour_wants(self->tour), 2);
    assert_int_equal(tour_wants(self->tour), 0);
}

static void one_connection_wants_no_help(void **state)
{
    World *self = *state;
    for (guint connections = 0; connections < 2; connections++) {
        tour_share(self->tour, self->mailboxes, 0, connections);
        assert_int_equal(tour_wants(self->tour), 0);
        assert_false(tour_join(self->tour));
    }
    g_ptr_array_set_size(self->mailboxes, 0);
    tour_share(self->tour, self->mailboxes, 0, 8);
    assert_int_equal(tour_wants(self->tour), 0);
}

static void who_comes_too_late_does_not_join(void **state)
{
    World *self = *state;
    assert_false(tour_join(self->tour));
    tour_share(self->tour, self->mailboxes, 0, 8);
    visit_all(self);
    assert_false(tour_join(self->tour));
    assert_true(tour_gather(self->tour, NULL));
    assert_false(tour_join(self->tour));
}

static void p6_what_ended_one_who_helped_is_the_tours_failure(void **state)
{
    World *self = *state;
    g_autoptr(GError) error = NULL;
    tour_share(self->tour, self->mailboxes, 0, 8);
    assert_true(tour_join(self->tour));
    assert_true(tour_join(self->tour));
    tour_leave(self->tour, failure("server.closed"));
    tour_leave(self->tour, failure("server.timeout"));
    assert_false(tour_gather(self->tour, &error));
    assert_string_equal(postern_error_rule(error), "server.closed");
}

static void p6_a_no_is_told_and_counted(void **state)
{
    World *self = *state;
    g_autoptr(GError) error = NULL;
    assert_false(tour_was_refused(self->tour));
    assert_true(tour_end(self->tour, NULL));
    tour_refused(self->tour, failure("server.refused"), "Archive");
    tour_refused(self->tour, failure("server.busy"), "Drafts");
    assert_true(tour_was_refused(self->tour));
    assert_false(tour_end(self->tour, &error));
    assert_string_equal(postern_error_rule(error), "server.refused");
    assert_string_equal(error->message, "Archive: server.refused happened (and 1 more)");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(each_mailbox_is_visited_once_and_all_is_counted),
        CASE(as_many_are_wanted_as_there_are_mailboxes),
        CASE(one_connection_wants_no_help),
        CASE(who_comes_too_late_does_not_join),
        CASE(p6_what_ended_one_who_helped_is_the_tours_failure),
        CASE(p6_a_no_is_told_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
