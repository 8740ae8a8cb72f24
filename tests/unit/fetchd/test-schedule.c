#include "fetchd/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

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

static void news_are(Schedule *schedule, gint64 now, const char *wanted)
{
    g_auto(GStrv) names = schedule_take_news(schedule, now);
    g_autofree char *all = g_strjoinv(" ", names);
    assert_string_equal(all, wanted);
}

static void news_are_due_at_once(void **state)
{
    (void)state;
    g_autoptr(Config) config = config_with(HEAD("a") FETCH HEAD("b") FETCH);
    g_autoptr(Schedule) schedule = schedule_new();
    schedule_news(schedule, "a", 0); /* of nobody known */
    news_are(schedule, 0, "");
    takes(schedule, config, NULL, 0, "a b");
    schedule_news(schedule, "b", 7 * S);
    schedule_news(schedule, "b", 8 * S);
    assert_int_equal(schedule_next(schedule, 7 * S), 7 * S);
    news_are(schedule, 7 * S, "b");
    news_are(schedule, 7 * S, "");
    schedule_news(schedule, "a", 299 * S);
    takes(schedule, config, NULL, 300 * S, "a b"); /* the whole account covers them */
    news_are(schedule, 300 * S, "");
}

static void p8_news_without_end_get_a_bounded_number_of_looks(void **state)
{
    (void)state;
    g_autoptr(Config) config = config_with(HEAD("a") FETCH "interval = 1d\n");
    g_autoptr(Schedule) schedule = schedule_new();
    takes(schedule, config, NULL, 0, "a");
    guint looks = 0, first = 0;
    for (gint64 now = 1; now <= 600 * S; now += S / 10) {
        schedule_news(schedule, "a", now);
        g_auto(GStrv) names = schedule_take_news(schedule, now);
        looks += g_strv_length(names);
        first += now < 2 * S ? g_strv_length(names) : 0;
    }
    assert_int_equal(first, LIMIT_NEWS_BURST);
    assert_in_range(looks, 600000 / LIMIT_NEWS_MS, 600000 / LIMIT_NEWS_MS + LIMIT_NEWS_BURST);
    schedule_news(schedule, "a", 700 * S); /* and who was quiet for a while is heard at once */
    news_are(schedule, 700 * S, "a");
}

static void what_was_lost_is_tried_later_and_later(void **state)
{
    (void)state;
    static const gint64 waits[] = {0, 5, 10, 20, 40, 80, 160, 300, 300, 300};
    g_autoptr(Config) config = config_with(HEAD("a") FETCH);
    g_autoptr(Schedule) schedule = schedule_new();
    schedule_lost(schedule, "a", 0, TRUE, 0);
    takes(schedule, config, NULL, 0, "a");
    gint64 now = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(waits); i++) {
        schedule_lost(schedule, "a", now, FALSE, 0);
        assert_int_equal(schedule_next(schedule, now), now + waits[i] * S);
        now += waits[i] * S;
        takes(schedule, config, NULL, now, "a");
    }
    schedule_lost(schedule, "a", now, TRUE, 0.5); /* it had lasted; a little chance */
    assert_int_equal(schedule_next(schedule, now), now + S / 2);
    takes(schedule, config, NULL, now + S, "a");
    schedule_lost(schedule, "a", now + S, FALSE, 0.5);
    assert_int_equal(schedule_next(schedule, now), now + S + 5 * S + (5 * S / 2 + S) / 2);
    schedule_well(schedule, "a");
    schedule_lost(schedule, "a", now + S, FALSE, 0);
    assert_int_equal(schedule_next(schedule, now), now + S);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_account_has_its_own_interval),
        cmocka_unit_test(an_account_that_must_wait_waits),
        cmocka_unit_test(a_new_interval_counts_at_once),
        cmocka_unit_test(the_accounts_named_are_meant_alone),
        cmocka_unit_test(news_are_due_at_once),
        cmocka_unit_test(p8_news_without_end_get_a_bounded_number_of_looks),
        cmocka_unit_test(what_was_lost_is_tried_later_and_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
