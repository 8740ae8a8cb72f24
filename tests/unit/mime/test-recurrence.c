#include "mime/recurrence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_rule_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *words;
    } cases[] = {
        {"FREQ=DAILY", "every day"},
        {"freq=daily;interval=3;count=1", "every 3 days, 1 time"},
        {"FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20261231T225959Z",
         "every week on Monday, Wednesday and Friday, until 2026-12-31"},
        {"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU;COUNT=10", "every 2 weeks on Tuesday, 10 times"},
        {"FREQ=MONTHLY;BYDAY=2TU", "every month on the second Tuesday"},
        {"FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"},
        {"FREQ=MONTHLY;BYDAY=-2SU,+1MO",
         "every month on the second last Sunday and the first Monday"},
        {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
         "every month on the last of Monday, Tuesday, Wednesday, Thursday and Friday"},
        {"FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "every month on day 1, day 15 and the last day"},
        {"FREQ=MONTHLY;BYMONTHDAY=-3", "every month on day 3 from the end"},
        {"FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU;UNTIL=20301231",
         "every year in March and October on the last Sunday, until 2030-12-31"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Rule rule;
        if (!rule_read(cases[i].rule, &rule))
            fail_msg("%s", cases[i].rule);
        g_autofree char *words = rule_words(&rule);
        assert_string_equal(words, cases[i].words);
    }
}

static void p8_87_what_has_no_words_has_none(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "COUNT=3",
        "FREQ=",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=1",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=99999",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;UNTIL=20261231T225959ZZ",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=M",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=MO,MO,MO,MO,MO,MO,MO,MO,MO,MO,MO,MO,MO,MO,MO",
        "FREQ=MONTHLY;BYSETPOS=1,2",
        "FREQ=YEARLY;BYMONTH=-1",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=DAILY;RSCALE=CHINESE",
        "FREQ=DAILY;nothing",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        Rule rule;
        if (rule_read(others[i], &rule))
            fail_msg("%s", others[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_told_in_words),
        cmocka_unit_test(p8_87_what_has_no_words_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
