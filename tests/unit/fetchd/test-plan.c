/* P6: what is fetched is a set of UIDs still missing, whatever happened before. */
#include "fetchd/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

/* "1-3 7" as a set of ranges. */
static GArray *set_of(const char *text)
{
    GArray *set = ranges_new();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (guint i = 0; words[i]; i++) {
        guint first, last;
        int n = sscanf(words[i], "%u-%u", &first, &last);
        if (n >= 1)
            ranges_add(set, first, n == 2 ? last : first);
    }
    return set;
}

static GArray *numbers_of(const char *text)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (guint i = 0; words[i]; i++) {
        guint32 number = (guint32)g_ascii_strtoull(words[i], NULL, 10);
        if (number)
            g_array_append_val(numbers, number);
    }
    return numbers;
}

/* UidRange and NumberRange look alike. */
static char *text_of(const GArray *ranges)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < ranges->len; i++) {
        const NumberRange *range = &g_array_index(ranges, NumberRange, i);
        g_string_append(text, text->len ? " " : "");
        g_string_append_printf(text, range->first == range->last ? "%u" : "%u-%u", range->first,
                               range->last);
    }
    return g_string_free(text, FALSE);
}

static void p6_64_what_may_be_new(void **state)
{
    static const struct {
        const char *covered;
        Selected selected;
        const char *missing;
    } cases[] = {
        {"", {.uidnext = 1, .exists = 0}, ""},
        {"", {.uidnext = 11, .exists = 10}, "1-10"},
        {"1-10", {.uidnext = 11, .exists = 10}, ""},
        {"1-10", {.uidnext = 13, .exists = 12}, "11-12"},
        {"5-10", {.uidnext = 11, .exists = 10}, "1-4"},          /* killed during the first run */
        {"1-3 8-10", {.uidnext = 12, .exists = 9}, "4-7 11"},    /* a hole and something new */
        {"1-10", {.uidnext = 0, .exists = 10}, "11-4294967295"}, /* no UIDNEXT */
        {"1-10", {.uidnext = 5, .exists = 4}, ""},               /* UIDNEXT went backwards */
        {"", {.uidnext = G_MAXUINT32, .exists = 1}, "1-4294967294"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) covered = set_of(cases[i].covered);
        g_autoptr(GArray) missing = plan_missing(covered, &cases[i].selected);
        g_autofree char *text = text_of(missing);
        assert_string_equal(text, cases[i].missing);
    }
}

static void p6_absent_numbers_are_asked_for_once(void **state)
{
    (void)state;
    g_autoptr(GArray) covered = set_of("");
    g_autoptr(GArray) listed = numbers_of("3 7");
    plan_cover_absent(covered, listed, &(Selected){.uidnext = 21, .exists = 2});
    g_autofree char *text = text_of(covered);
    assert_string_equal(text, "8-20");

    g_autoptr(GArray) nothing = numbers_of("");
    plan_cover_absent(covered, nothing, &(Selected){.uidnext = 21, .exists = 2});
    g_autofree char *all = text_of(covered);
    assert_string_equal(all, "1-20");
}

static void what_must_be_there_is_listed_by_nobody(void **state)
{
    static const struct {
        const char *missing;
        guint32 most;
        const char *listed;
    } cases[] = {
        {"", 0, ""},
        {"1-3 7", 4, "1-3 7"},
        {"1-3 7", 3, ""},
        {"4294967294-4294967295", 2, "4294967294-4294967295"},
        {"1-4294967295", 4000000, ""},
        {"5", 0, ""},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) missing = set_of(cases[i].missing);
        g_autoptr(GArray) listed = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_autoptr(GArray) set = ranges_new();
        gboolean every = plan_list_every(missing, cases[i].most, listed);
        for (guint n = 0; n < listed->len; n++)
            ranges_add(set, g_array_index(listed, guint32, n), g_array_index(listed, guint32, n));
        g_autofree char *text = text_of(set);
        assert_string_equal(text, cases[i].listed);
        assert_int_equal(every, *cases[i].listed || missing->len == 0);
    }
}

static void p6_64_only_what_arrived_is_covered(void **state)
{
    (void)state;
    g_autoptr(GArray) covered = set_of("");
    g_autoptr(GArray) listed = numbers_of("3 7 9");
    plan_cover_arrived(covered, listed, 2);
    plan_cover_arrived(covered, listed, 0);
    g_autofree char *text = text_of(covered);
    assert_string_equal(text, "1-3 8-9"); /* 7 was listed and did not come: it stays open */
}

static void a_get_skips_what_is_here(void **state)
{
    static const struct {
        const char *covered, *listed, *ranges;
    } cases[] = {
        {"", "1 2 3", "1-3"},      {"", "1 5 9", "1-9"}, /* the numbers between do not exist */
        {"2-4", "1 5 9", "1 5-9"},                       /* 2 to 4 are here */
        {"2", "1 3", "1 3"},       {"6", "1 2 5 7 8", "1-5 7-8"}, {"", "4294967295", "4294967295"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) covered = set_of(cases[i].covered);
        g_autoptr(GArray) listed = numbers_of(cases[i].listed);
        g_autoptr(GArray) missing = plan_missing(covered, &(Selected){.exists = 1});
        g_autoptr(GArray) ranges = plan_batch(missing, listed, 0, listed->len);
        g_autofree char *text = text_of(ranges);
        assert_string_equal(text, cases[i].ranges);
    }
}

/* A mailbox lives through random arrivals, expunges and interrupted passes; an oracle that
 * remembers every UID that ever existed and was delivered must agree. */
static void p6_64_random_lives_lose_nothing(void **state)
{
    enum { UIDS = 300, LIVES = 200, PASSES = 8 };
    (void)state;
    g_autoptr(GRand) rand = g_rand_new_with_seed(20241105);
    for (guint life = 0; life < LIVES; life++) {
        gboolean exists[UIDS + 1] = {FALSE}, held[UIDS + 1] = {FALSE};
        guint uidnext = 1;
        g_autoptr(GArray) covered = ranges_new();
        for (guint pass = 0; pass < PASSES; pass++) {
            gboolean last_pass = pass == PASSES - 1;
            guint arrivals = (guint)g_rand_int_range(rand, 0, UIDS / PASSES);
            for (guint i = 0; i < arrivals; i++, uidnext++)
                exists[uidnext] = g_rand_int_range(rand, 0, 3) > 0;
            for (guint uid = 1; uid < uidnext; uid++)
                exists[uid] = exists[uid] && g_rand_int_range(rand, 0, 20) > 0;
            const Selected selected = {.uidnext = uidnext, .exists = 1};
            g_autoptr(GArray) missing = plan_missing(covered, &selected);
            g_autoptr(GArray) listed = numbers_of("");
            for (guint32 uid = 1; uid < uidnext; uid++)
                for (guint i = 0; i < missing->len; i++)
                    if (exists[uid] && uid >= g_array_index(missing, NumberRange, i).first &&
                        uid <= g_array_index(missing, NumberRange, i).last)
                        g_array_append_val(listed, uid);
            if (missing->len)
                plan_cover_absent(covered, listed, &selected);
            for (guint end = listed->len; end > 0;) {
                guint begin = end > 7 ? end - 7 : 0;
                g_autoptr(GArray) batch = plan_batch(missing, listed, begin, end);
                for (guint b = 0; b < batch->len; b++) {
                    NumberRange range = g_array_index(batch, NumberRange, b);
                    for (guint32 uid = range.first; uid <= range.last; uid++) {
                        if (!exists[uid])
                            continue;
                        assert_false(held[uid]); /* nothing twice */
                        gssize at = plan_find(listed, uid);
                        assert_true(at >= 0);
                        held[uid] = TRUE;
                        plan_cover_arrived(covered, listed, (guint)at);
                    }
                }
                end = begin;
                if (!last_pass && g_rand_int_range(rand, 0, 4) == 0)
                    break; /* killed */
            }
        }
        for (guint uid = 1; uid < uidnext; uid++)
            assert_true(!exists[uid] || held[uid]); /* nothing lost */
    }
}

static GArray *whole_list(const guint32 *list)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (; *list; list++)
        g_array_append_val(numbers, *list);
    return numbers;
}

/* What a whole list says: all but the listed that are not here need never be asked for. */
static void p6_64_a_whole_list_leaves_what_is_not_here(void **state)
{
    (void)state;
    static const struct {
        guint32 listed[6], held[6], uidnext;
        const char *missing;
    } cases[] = {
        {{1, 2, 3, 0}, {1, 3, 0}, 4, "2-2 "},
        {{2, 5, 6, 0}, {0}, 9, "2-2 5-6 "},
        {{0}, {1, 2, 0}, 3, ""},
        {{4, 0}, {4, 0}, 0, "5-4294967295 "},
        {{7, 9, 0}, {7, 0}, 0, "9-4294967295 "},
        {{1, G_MAXUINT32, 0}, {1, 0}, 0, "4294967295-4294967295 "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) covered = ranges_new();
        g_autoptr(GArray) listed = whole_list(cases[i].listed);
        g_autoptr(GArray) held = whole_list(cases[i].held);
        g_autoptr(GString) text = g_string_new(NULL);
        ranges_add(covered, 5, 100); /* what was thought before counts no more */
        plan_cover_listed(covered, listed, held, cases[i].uidnext);
        const Selected selected = {.exists = 1, .uidnext = cases[i].uidnext};
        g_autoptr(GArray) missing = plan_missing(covered, &selected);
        for (guint n = 0; n < missing->len; n++) {
            const NumberRange *range = &g_array_index(missing, NumberRange, n);
            g_string_append_printf(text, "%u-%u ", range->first, range->last);
        }
        assert_string_equal(text->str, cases[i].missing);
    }
}

static void p6_59_a_tenth_or_fifty_may_go_unasked(void **state)
{
    (void)state;
    assert_int_equal(plan_removable(0), 50);
    assert_int_equal(plan_removable(509), 50);
    assert_int_equal(plan_removable(510), 51);
    assert_int_equal(plan_removable(519), 51);
    assert_int_equal(plan_removable(1000000), 100000);
}

static void the_last_pattern_decides(void **state)
{
    static const struct {
        const char *patterns, *name;
        gboolean wanted;
        guint uses;
    } cases[] = {
        {"*", "INBOX", TRUE, 0},
        {"*;!Trash", "Trash", FALSE, 0},
        {"*;!Trash", "Trash/2024", TRUE, 0},
        {"*;!Trash*", "Trash/2024", FALSE, 0},
        {"*;!Lists/*;Lists/security", "Lists/security", TRUE, 0},
        {"INBOX", "Inbox", TRUE, 0},
        {"inbox", "INBOX", TRUE, 0},
        {"Archive", "archive", FALSE, 0},
        {"!Trash", "INBOX", FALSE, 0},
        {"*;!\\Trash", "Papierkorb", FALSE, USE_TRASH},
        {"*;!\\trash;!\\Junk", "Spam", FALSE, USE_JUNK | USE_ARCHIVE},
        {"*;!\\Trash", "Trash", TRUE, 0},
        {"\\Sent", "Gesendet", TRUE, USE_SENT},
        {"\\Sent", "Sent", FALSE, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) patterns = g_strsplit(cases[i].patterns, ";", -1);
        assert_int_equal(plan_wants_folder(patterns, cases[i].name, cases[i].uses),
                         cases[i].wanted);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_64_what_may_be_new),
        cmocka_unit_test(p6_absent_numbers_are_asked_for_once),
        cmocka_unit_test(what_must_be_there_is_listed_by_nobody),
        cmocka_unit_test(p6_64_only_what_arrived_is_covered),
        cmocka_unit_test(a_get_skips_what_is_here),
        cmocka_unit_test(p6_64_random_lives_lose_nothing),
        cmocka_unit_test(p6_64_a_whole_list_leaves_what_is_not_here),
        cmocka_unit_test(p6_59_a_tenth_or_fifty_may_go_unasked),
        cmocka_unit_test(the_last_pattern_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
