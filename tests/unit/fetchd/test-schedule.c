#include "fetchd/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S G_USEC_PER_SEC

static Config *config_with(const char *accounts)
{
    g_autofree char *text = g_strconcat("[company]\ndomains = corp.example\n", accounts, NULL);
    Config *config = config_parse(text, strlen(text), "config", NULL);
    assert_non_null(config);
    return config;
}

#define HEAD(name) "[account \"" name "\"]\naddress = a@corp.example\n"
#define FETCH "fetch = imaps://j@mail.corp.example\n"

static void takes(Schedule *schedule, const Config *config, char *const *only, gint64 now,
                  const char *wanted)
{
    g_auto(GStrv) names = schedule_take(schedule, config, only, now);
    g_autofree char *all = g_strjoinv(" ", names);
    assert_string_equal(all, wanted);
}

static void each_account_has_its_own_interval(void **state)
{
    (void)state;
    g_autoptr(Config) config =
        config_with(HEAD("a") FETCH "interval = 1m\n" HEAD("b") FETCH HEAD("c"));
    g_autoptr(Schedule) schedule = schedule_new();
    takes(schedule, config, NULL, 5 * S, "a b"); /* c fetches nothing */
    assert_int_equal(schedule_next(schedule, 5 * S), 65 * S);
    takes(schedule, config, NULL, 64 * S, "");
    takes(schedule, config, NULL, 65 * S, "a");
    takes(schedule, config, NULL, 304 * S, "a");
    takes(schedule, config, NULL, 305 * S, "b");
    assert_int_equal(schedule_next(schedule, 305 * S), 364 * S);
    schedule_forget(schedule);
    takes(schedule, config, NULL, 306 * S, "a b");
}

static void an_account_that_must_wait_waits(void **state)
{
    (void)state;
    g_autoptr(Config) config =
        config_with(HEAD("a") FETCH "interval = 1m\n" HEAD("b") FETCH "interval = 1h\n");
    g_autoptr(Schedule) schedule = schedule_new();
    takes(schedule, config, NULL, 0, "a b");
    schedule_wait(schedule, "a", 900 * S);
    takes(schedule, config, NULL, 60 * S, "");
    takes(schedule, config, NULL, 899 * S, "");
    assert_int_equal(schedule_next(schedule, 899 * S), 900 * S);
    takes(schedule, config, NULL, 900 * S, "a");
    takes(schedule, config, NULL, 960 * S, "a");
    schedule_wait(schedule, "a", 2000 * S);
    schedule_forget(schedule);
    takes(schedule, config, NULL, 961 * S, "a b");
}

static void a_new_interval_counts_at_once(void **state)
{
    (void)state;
    g_autoptr(Config) slow = config_with(HEAD("a") FETCH "interval = 1d\n");
    g_autoptr(Config) quick = config_with(HEAD("a") FETCH "interval = 1m\n");
    g_autoptr(Schedule) schedule = schedule_new();
    takes(schedule, slow, NULL, 0, "a");
    assert_int_equal(schedule_next(schedule, 0), INTERVAL_USUAL * S);
    takes(schedule, quick, NULL, 100 * S, "");
    takes(schedule, quick, NULL, 160 * S, "a");
}

static void the_accounts_named_are_meant_alone(void **state)
{
    (void)state;
    g_autoptr(Config) config = config_with(HEAD("a") FETCH HEAD("b") FETCH);
    g_autoptr(Schedule) schedule = schedule_new();
    char *only[] = {(char *)"b", (char *)"nobody", NULL};
    takes(schedule, config, only, 0, "b nobody");
    takes(schedule, config, only, S, "nobody");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_account_has_its_own_interval),
        cmocka_unit_test(an_account_that_must_wait_waits),
        cmocka_unit_test(a_new_interval_counts_at_once),
        cmocka_unit_test(the_accounts_named_are_meant_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
