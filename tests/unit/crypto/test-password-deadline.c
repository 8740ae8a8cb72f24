/* Apart from test-password.c, because each of these waits for the whole deadline. */
#include "crypto/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

static gpointer ask(gpointer command)
{
    Account account = {
        .name = (char *)"work", .secret_kind = SECRET_COMMAND, .secret_argument = command};
    GError *error = NULL;
    Secret *secret = password_get(&account, -1, &error);
    secret_free(secret);
    return error;
}

/* Silent; silent after the password; output ended but alive; the output held by a grandchild. */
static const char *const commands[] = {
    "sleep 300",
    "sh -c 'echo hunter2; exec sleep 300'",
    "sh -c 'echo hunter2; exec sleep 300 >/dev/null'",
    "sh -c 'echo hunter2; sleep 40 & exit 0'",
};

static void a_command_that_hangs_ends_at_the_deadline(void **state)
{
    (void)state;
    GThread *threads[G_N_ELEMENTS(commands)];
    gint64 start = g_get_monotonic_time();
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        threads[i] = g_thread_new("ask", ask, (gpointer)commands[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(GError) error = g_thread_join(threads[i]);
        assert_non_null(error);
        assert_int_equal(error->code, POSTERN_ERROR_TEMPORARY);
        assert_string_equal(postern_error_rule(error), "secret.timeout");
    }
    gint64 took = (g_get_monotonic_time() - start) / 1000;
    assert_in_range(took, LIMIT_SECRET_COMMAND_MS, LIMIT_SECRET_COMMAND_MS + 5000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_that_hangs_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
