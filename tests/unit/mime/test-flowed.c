/* format=flowed, RFC 3676: what is written is read as it was, and no line is longer than it may be.
 */
#include "mime/flowed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define WORDS30 "one two three four five six seven eight nine ten eleven twelve thirteen "

static void lines_that_were_broken_are_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text, *read;
        gboolean delsp;
    } cases[] = {
        {"", "", FALSE},
        {"one \ntwo\nthree\n", "one two\nthree\n", FALSE},
        {"one \ntwo", "one two", FALSE},
        {"one \n", "one \n", FALSE},
        {"on\343\201\202 \n\343\201\204\n", "on\343\201\202\343\201\204\n", TRUE},
        {"one \ntwo \n", "onetwo\n", TRUE},
        /* stuffing */
        {"  code\n From here\n >no quote\n", " code\nFrom here\n>no quote\n", FALSE},
        {"one \n  two\n", "one  two\n", FALSE},
        /* an empty line ends a paragraph, a stuffed one too */
        {"one \n\ntwo\n", "one \ntwo\n", FALSE},
        {" \none\n", "\none\n", FALSE},
        /* quotes go on at their own depth alone (4.5) */
        {"> one \n> two\n", "> one two\n", FALSE},
        {">one \n> two\n", ">one two\n", FALSE},
        {"> one \n>> two\n> three\n", "> one \n>> two\n> three\n", FALSE},
        {"> one \ntwo\n", "> one \ntwo\n", FALSE},
        {"one \n> two\n", "one \n> two\n", FALSE},
        {">> one \n>> two\n", ">> one two\n", FALSE},
        {"> > one \n> > two\n", "> > one > two\n", FALSE},
        /* the line above a signature (4.3) */
        {"bye \n-- \nJohn \nSmith\n", "bye \n-- \nJohn Smith\n", FALSE},
        {"bye\n-- \nJohn\n", "bye\n-- \nJohn\n", TRUE},
        {"> bye \n> -- \n> John\n", "> bye \n> -- \n> John\n", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *read = flowed_read(cases[i].text, cases[i].delsp);
        if (strcmp(read, cases[i].read) != 0)
            fail_msg("\"%s\" is read as \"%s\"", cases[i].text, read);
    }
}

static void long_lines_are_broken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {WORDS30 "fourteen\n", WORDS30 "\nfourteen\n"},
        {"> " WORDS30 "fourteen\n", "> one two three four five six seven eight nine ten eleven "
                                    "twelve \n> thirteen fourteen\n"},
        {">>" WORDS30 "fourteen\n", ">>one two three four five six seven eight nine ten eleven "
                                    "twelve \n>> thirteen fourteen\n"},
        {" " WORDS30 "fourteen\n -- \n-- \nJ\n", NULL}, /* " -- " is no signature */
        {" " WORDS30 "fourteen\n-- \nJ\n",
         "  one two three four five six seven eight nine ten eleven twelve \nthirteen "
         "fourteen\n-- \nJ\n"},
        {WORDS30 ">fourteen\n", WORDS30 "\n >fourteen\n"},
        {WORDS30 "  fourteen\n code\n", WORDS30 " \n  fourteen\n  code\n"},
        /* never a line that would be a signature's */
        {"-- ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp b\n",
         "-- ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp "
         "\nb\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *written = flowed_write(cases[i].text);
        if (g_strcmp0(written, cases[i].written) != 0)
            fail_msg("\"%s\" is written as \"%s\"", cases[i].text, written);
    }
}

static void what_must_not_be_touched_is_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "short\nlines\n",
        "78 characters: 678901234567890123456789012345678901234567890123456789012345678\n",
        WORDS30 "fourteen\na blank at the end \n",
        WORDS30 "fourteen \n",
        WORDS30 "fourteen\n@@ -1,2 +1,2 @@\n-a\n+b\n",
        WORDS30 "fourteen\ndiff --git a/x b/x\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\n\n" WORDS30 "fourteen\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *written = flowed_write(texts[i]);
        if (written != NULL)
            fail_msg("\"%s\" is written as \"%s\"", texts[i], written);
    }
}

/* A quote of a quote of a … has each piece repeat all marks: a letter that is answered must not be
 * able to make a long one of that. */
static void limit_of_quote_marks(void **state)
{
    (void)state;
    g_autofree char *marks = g_strnfill(21, '>');
    g_autofree char *deep = g_strconcat(marks, WORDS30 WORDS30 "\n", NULL);
    deep[strlen(deep) - 2] = '.';
    g_autofree char *text = g_strconcat(deep, WORDS30 "fourteen\n", NULL);
    g_autofree char *written = flowed_write(text);
    assert_true(g_str_has_prefix(written, deep));
    g_autofree char *shallow = flowed_write(text + 1);
    assert_true(g_str_has_prefix(
        shallow, ">>>>>>>>>>>>>>>>>>>>one two three four five six seven eight nine ten \n"));
}

/* Somebody's letter of one line, that is answered. */
static void p8_87_one_long_line_costs_little(void **state)
{
    (void)state;
    gsize size = 4 * 1024 * 1024;
    g_autofree char *text = g_malloc(size + 2);
    for (gsize i = 0; i < size; i++)
        text[i] = i % 8 == 7 ? ' ' : 'w';
    memcpy(text + size - 1, ".\n", 3);
    clock_t began = clock();
    g_autofree char *written = flowed_write(text), *read = flowed_read(written, FALSE);
    assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
    assert_string_equal(read, text);
}

static char *random_text(GRand *rand)
{
    static const char *const pieces[] = {
        "a",   "word",  "longer-word", "\303\251t\303\251", " ", " ", " ", " ", "  ", ">", "> ",
        ">> ", "From ", "-- "};
    static const char *const ends[] = {"\n", "\n ", "\n> ", "\n>>", "\n-- \n", "\n\n"};
    GString *text = g_string_new(NULL);
    for (gint n = g_rand_int_range(rand, 0, 300); n > 0; n--)
        g_string_append(text, g_rand_int_range(rand, 0, 30)
                                  ? pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]
                                  : ends[g_rand_int_range(rand, 0, G_N_ELEMENTS(ends))]);
    g_string_append_c(text, '\n');
    /* Most of these end a line with a blank, and would be left as they are. */
    for (char *at = text->str; (at = strstr(at, " \n")) != NULL;) {
        gboolean signature = at >= text->str + 3 && memcmp(at - 3, "\n--", 3) == 0;
        if (!signature)
            g_string_erase(text, at - text->str, 1);
        at = signature ? at + 1 : MAX(text->str, at - 1);
    }
    return g_string_free(text, FALSE);
}

/* Has it a place, behind what stands at the head, at which it could have been shorter? */
static gboolean breakable(const char *line)
{
    gsize marks = strspn(line, ">");
    const char *text = line + marks + strspn(line + marks, " -");
    const char *space = strchr(text, ' ');
    return marks <= 20 && space != NULL && space[1] != '\0' && space < line + 72;
}

static void what_is_written_is_read_as_it_was(void **state)
{
    (void)state;
    g_autoptr(GRand) rand = g_rand_new_with_seed(3676);
    guint flowed = 0;
    for (guint i = 0; i < 20000; i++) {
        g_autofree char *text = random_text(rand), *written = flowed_write(text);
        if (written == NULL)
            continue;
        flowed++;
        g_autofree char *read = flowed_read(written, FALSE);
        if (strcmp(read, text) != 0)
            fail_msg("\"%s\"\nbecame\n\"%s\"\nand\n\"%s\"", text, written, read);
        g_auto(GStrv) lines = g_strsplit(written, "\n", -1);
        for (char **line = lines; *line; line++)
            if (g_utf8_strlen(*line, -1) > 78 && breakable(*line))
                fail_msg("\"%s\" is too long", *line);
    }
    assert_in_range(flowed, 5000, 20000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_were_broken_are_whole),
        cmocka_unit_test(long_lines_are_broken),
        cmocka_unit_test(what_must_not_be_touched_is_not),
        cmocka_unit_test(limit_of_quote_marks),
        cmocka_unit_test(p8_87_one_long_line_costs_little),
        cmocka_unit_test(what_is_written_is_read_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
