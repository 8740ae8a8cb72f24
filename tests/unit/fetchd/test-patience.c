/* P8: a child that trickles for ever is given up; one that works is not. */
#include "fetchd/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limits.h"

#define BASE 1000

static void one_silence_may_last_the_base(void **state)
{
    (void)state;
    Patience patience = {.base_ms = BASE};
    assert_int_equal(patience_left(&patience), BASE);
    patience_spend(&patience, 400 * 1000, 0);
    assert_int_equal(patience_left(&patience), BASE - 400);
}

static void p8_90_a_trickle_runs_out_of_patience(void **state)
{
    (void)state;
    Patience patience = {.base_ms = BASE};
    guint frames = 0;
    for (; patience_left(&patience) > 0 && frames < 1000; frames++)
        patience_spend(&patience, 100 * 1000, 1);
    assert_int_equal(frames, BASE / 100);
}

static void a_body_at_the_slowest_rate_may_take_its_time(void **state)
{
    (void)state;
    Patience patience = {.base_ms = BASE};
    for (guint seconds = 0; seconds < 100000; seconds++) {
        patience_spend(&patience, G_USEC_PER_SEC, LIMIT_BODY_RATE);
        assert_int_equal(patience_left(&patience), BASE);
    }
    for (guint seconds = 0; seconds < 3; seconds++)
        patience_spend(&patience, G_USEC_PER_SEC, LIMIT_BODY_RATE - 1);
    assert_int_equal(patience_left(&patience), 0);
}

static void no_count_is_too_large(void **state)
{
    (void)state;
    Patience patience = {.base_ms = BASE, .bytes = G_MAXUINT64 - 1};
    assert_int_equal(patience_left(&patience), BASE);
    patience_renew(&patience);
    patience_spend(&patience, G_MAXINT64 / 2, 0);
    assert_int_equal(patience_left(&patience), 0);
    patience_renew(&patience);
    assert_int_equal(patience_left(&patience), BASE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_silence_may_last_the_base),
        cmocka_unit_test(p8_90_a_trickle_runs_out_of_patience),
        cmocka_unit_test(a_body_at_the_slowest_rate_may_take_its_time),
        cmocka_unit_test(no_count_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
