#include "store/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TOP G_MAXUINT32

/* "1-3 5-5" as a set, through ranges_add(). */
static GArray *set_of(const char *text)
{
    GArray *set = ranges_new();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (guint i = 0; words[i]; i++) {
        if (words[i][0] == '\0')
            continue;
        char *dash = NULL;
        guint64 first = g_ascii_strtoull(words[i], &dash, 10);
        ranges_add(set, (guint32)first, (guint32)g_ascii_strtoull(dash + 1, NULL, 10));
    }
    return set;
}

static char *words_of(const GArray *set)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < set->len; i++) {
        UidRange range = g_array_index(set, UidRange, i);
        g_string_append_printf(text, "%s%u-%u", i ? " " : "", range.first, range.last);
    }
    return g_string_free(text, FALSE);
}

static void adding_merges_overlaps_and_neighbours(void **state)
{
    (void)state;
    static const struct {
        const char *add, *set;
    } cases[] = {
        {"", ""},
        {"5-5", "5-5"},
        {"5-5 6-6", "5-6"},
        {"6-6 5-5", "5-6"},
        {"5-5 7-7", "5-5 7-7"},
        {"5-5 7-7 6-6", "5-7"},
        {"10-20 1-5 12-13", "1-5 10-20"},
        {"1-2 4-5 7-8 3-7", "1-8"},
        {"1-2 4-5 7-8 9-9 2-9", "1-9"},
        {"9-3", ""},
        {"0-0", ""},
        {"0-2", "1-2"},
        {"4294967295-4294967295 1-1", "1-1 4294967295-4294967295"},
        {"4294967295-4294967295 4294967294-4294967294", "4294967294-4294967295"},
        {"1-4294967295 7-9", "1-4294967295"},
        {"7-9 1-4294967295", "1-4294967295"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) set = set_of(cases[i].add);
        g_autofree char *words = words_of(set);
        assert_string_equal(words, cases[i].set);
    }
}

static void what_is_missing_is_the_rest_of_the_span(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        guint32 first, last;
        const char *missing;
    } cases[] = {
        {"", 1, 10, "1-10"},
        {"", 0, 0, ""},
        {"", 0, 3, "1-3"},
        {"1-10", 1, 10, ""},
        {"3-4 8-20", 1, 10, "1-2 5-7"},
        {"3-4 8-20", 4, 8, "5-7"},
        {"3-4 8-20", 21, 30, "21-30"},
        {"3-4", 5, 4, ""},
        {"1-4294967295", 1, TOP, ""},
        {"2-4294967295", 1, TOP, "1-1"},
        {"1-4294967294", 1, TOP, "4294967295-4294967295"},
        {"50-60", 1, 10, "1-10"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) set = set_of(cases[i].set);
        g_autoptr(GArray) missing = ranges_missing(set, cases[i].first, cases[i].last);
        g_autofree char *words = words_of(missing);
        assert_string_equal(words, cases[i].missing);
    }
}

static void a_set_knows_its_members(void **state)
{
    (void)state;
    g_autoptr(GArray) set = set_of("3-4 8-20 4294967295-4294967295");
    static const guint32 in[] = {3, 4, 8, 15, 20, TOP}, out[] = {0, 1, 2, 5, 7, 21, TOP - 1};
    for (gsize i = 0; i < G_N_ELEMENTS(in); i++)
        assert_true(ranges_contain(set, in[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(out); i++)
        assert_false(ranges_contain(set, out[i]));
}

static void a_uid_can_be_taken_out(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        guint32 uid;
        const char *left;
    } cases[] = {
        {"", 1, ""},
        {"3-3", 3, ""},
        {"3-4 8-20", 3, "4-4 8-20"},
        {"3-4 8-20", 20, "3-4 8-19"},
        {"3-4 8-20 30-40", 9, "3-4 8-8 10-20 30-40"},
        {"3-4 8-20", 5, "3-4 8-20"},
        {"3-4", 0, "3-4"},
        {"1-4294967295", TOP, "1-4294967294"},
        {"4294967295-4294967295", TOP, ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) set = set_of(cases[i].set);
        ranges_remove(set, cases[i].uid);
        g_autofree char *words = words_of(set);
        assert_string_equal(words, cases[i].left);
    }
}

static void random_sets_agree_with_a_bitmap(void **state)
{
    (void)state;
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (int round = 0; round < 300; round++) {
        gboolean map[64] = {FALSE};
        g_autoptr(GArray) set = ranges_new();
        for (int i = g_rand_int_range(rand, 0, 20); i > 0; i--) {
            guint32 first = (guint32)g_rand_int_range(rand, 1, 64);
            guint32 last = (guint32)g_rand_int_range(rand, (gint32)first, 64);
            last = MIN(last, first + 4);
            ranges_add(set, first, last);
            for (guint32 uid = first; uid <= last; uid++)
                map[uid] = TRUE;
        }
        g_autoptr(GArray) missing = ranges_missing(set, 1, 63);
        for (guint32 uid = 1; uid < 64; uid++) {
            assert_int_equal(ranges_contain(set, uid), map[uid]);
            assert_int_equal(ranges_contain(missing, uid), !map[uid]);
        }
        g_autoptr(GBytes) packed = ranges_pack(set);
        gsize size;
        const guint8 *bytes = g_bytes_get_data(packed, &size);
        g_autoptr(GArray) again = ranges_unpack(bytes, size);
        assert_non_null(again);
        assert_int_equal(again->len, set->len);
        if (set->len > 0)
            assert_memory_equal(again->data, set->data, set->len * sizeof(UidRange));
    }
}

static void only_well_formed_bytes_are_a_set(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        gsize size;
        gboolean good;
    } cases[] = {
        {"", 0, TRUE},
        {"\0\0\0\1\0\0\0\1", 8, TRUE},
        {"\0\0\0\1\0\0\0\1\0\0\0\3\377\377\377\377", 16, TRUE},
        {"\0\0\0\1\0\0\0", 7, FALSE},
        {"\0\0\0\0\0\0\0\1", 8, FALSE},                          /* UID 0 */
        {"\0\0\0\2\0\0\0\1", 8, FALSE},                          /* backwards */
        {"\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0\2", 16, FALSE},         /* not merged */
        {"\0\0\0\5\0\0\0\6\0\0\0\1\0\0\0\1", 16, FALSE},         /* descending */
        {"\0\0\0\5\377\377\377\377\0\0\0\7\0\0\0\7", 16, FALSE}, /* after the end */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) set = ranges_unpack((const guint8 *)cases[i].bytes, cases[i].size);
        assert_int_equal(set != NULL, cases[i].good);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_merges_overlaps_and_neighbours),
        cmocka_unit_test(what_is_missing_is_the_rest_of_the_span),
        cmocka_unit_test(a_set_knows_its_members),
        cmocka_unit_test(a_uid_can_be_taken_out),
        cmocka_unit_test(random_sets_agree_with_a_bitmap),
        cmocka_unit_test(only_well_formed_bytes_are_a_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
