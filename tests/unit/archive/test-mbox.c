/* mboxes of all kinds: what was put in comes out, byte for byte. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/window.h"
#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/archive/taken.h"

#define OPENING "From ann@corp.example Thu Jan  2 03:04:05 2020\n"

static gboolean read_text(Harvest *harvest, const char *text, gsize size, MboxKind kind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = harvest_put(harvest, "mbox", text, size);
    gboolean fine = harvest_read(harvest, path, kind, &error);
    if (!fine)
        fail_msg("%s", error->message);
    return fine;
}

/* --- random messages, written by the rules of each kind --------------------------------------- */

/* What a line of a body may be; the kinds that quote once cannot keep the second and third. */
static const char *const lines[] = {"From here on", ">From there", ">>>From afar", "",  "text",
                                    "Subject: x",   "From",        "a\rb",         ">", " From x",
                                    "Fro",          ">>"};

static GByteArray *random_message(GRand *random, MboxKind kind, guint n)
{
    GByteArray *message = g_byte_array_new();
    const char *end = g_rand_int_range(random, 0, 4) ? "\n" : "\r\n";
    gboolean once = kind == MBOX_O || kind == MBOX_CL;
    g_autofree char *head = g_strdup_printf("Subject: %u%sTo: a%s%s", n, end, end, end);
    g_byte_array_append(message, (const guint8 *)head, (guint)strlen(head));
    for (int i = g_rand_int_range(random, 0, 30); i > 0; i--) {
        const char *line = lines[g_rand_int_range(random, 0, G_N_ELEMENTS(lines))];
        if (once && *line == '>')
            line = "text";
        if (g_rand_int_range(random, 0, 8) == 0) /* mixed */
            end = *end == '\r' ? "\n" : "\r\n";
        if (g_rand_int_range(random, 0, 10) == 0)
            g_byte_array_append(message, (const guint8 *)"\0\xff", 2);
        g_byte_array_append(message, (const guint8 *)line, (guint)strlen(line));
        for (guint x = g_rand_int_range(random, 0, 40) ? 0 : 40000; x > 0; x--)
            g_byte_array_append(message, (const guint8 *)"x", 1);
        g_byte_array_append(message, (const guint8 *)end, (guint)strlen(end));
    }
    return message;
}

static gboolean is_quoted(MboxKind kind, const guint8 *line, gsize left)
{
    gsize marks = 0;
    while (kind == MBOX_RD && marks < left && line[marks] == '>')
        marks++;
    return kind != MBOX_CL2 && left - marks >= 5 && memcmp(line + marks, "From ", 5) == 0;
}

/* The message with its header's Content-Length, if it has one, is what must come back. */
static void write_message(GByteArray *mbox, MboxKind kind, GByteArray *message)
{
    GByteArray *quoted = g_byte_array_new();
    g_byte_array_append(mbox, (const guint8 *)OPENING, sizeof OPENING - 1);
    for (gsize at = 0; at < message->len;) {
        const guint8 *line = message->data + at;
        gsize left = message->len - at;
        const guint8 *end = memchr(line, '\n', left);
        gsize size = end ? (gsize)(end - line) + 1 : left;
        if (is_quoted(kind, line, left))
            g_byte_array_append(quoted, (const guint8 *)">", 1);
        g_byte_array_append(quoted, line, (guint)size);
        at += size;
    }
    g_byte_array_append(mbox, quoted->data, quoted->len);
    g_byte_array_append(mbox, (const guint8 *)"\n", 1);
    g_byte_array_unref(quoted);
}

static void add_length(GByteArray *message, MboxKind kind)
{
    const char *text = (const char *)message->data;
    gboolean crlf = memcmp(strchr(text, '\n') - 1, "\r", 1) == 0;
    gsize header = (gsize)(strstr(text, crlf ? "\r\n\r\n" : "\n\n") - text) + (crlf ? 4 : 2);
    gsize length = message->len - header;
    for (gsize at = header; kind == MBOX_CL && at < message->len;) {
        const guint8 *end = memchr(message->data + at, '\n', message->len - at);
        length += is_quoted(kind, message->data + at, message->len - at);
        at = end ? (gsize)(end - message->data) + 1 : message->len;
    }
    g_autofree char *field =
        g_strdup_printf("Content-Length: %" G_GSIZE_FORMAT "%s", length, crlf ? "\r\n" : "\n");
    GByteArray *whole = g_byte_array_new();
    g_byte_array_append(whole, (const guint8 *)field, (guint)strlen(field));
    g_byte_array_append(whole, message->data, message->len);
    g_byte_array_set_size(message, 0);
    g_byte_array_append(message, whole->data, whole->len);
    g_byte_array_unref(whole);
}

static void round_trip(Harvest *harvest, GRand *random, MboxKind kind, MboxKind told)
{
    g_autoptr(GByteArray) mbox = g_byte_array_new();
    g_autoptr(GPtrArray) messages =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (guint n = 0; n < 8; n++) {
        GByteArray *message = random_message(random, kind, n);
        if (kind == MBOX_CL || kind == MBOX_CL2)
            add_length(message, kind);
        g_ptr_array_add(messages, message);
        write_message(mbox, kind, message);
    }
    read_text(harvest, (const char *)mbox->data, mbox->len, told);
    assert_int_equal(harvest->faults->len, 0);
    assert_int_equal(harvest->messages->len, messages->len);
    for (guint n = 0; n < messages->len; n++) {
        const GByteArray *message = messages->pdata[n];
        assert_file(harvest_at(harvest, n), message->data, message->len);
    }
}

static void what_was_put_in_comes_out_of_every_kind(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20);
    for (guint round = 0; round < 60; round++) {
        for (MboxKind kind = MBOX_O; kind <= MBOX_CL2; kind++)
            round_trip(*state, random, kind, kind);
        round_trip(*state, random, MBOX_RD, MBOX_AUTO);
        round_trip(*state, random, MBOX_CL2, MBOX_AUTO);
    }
}

/* --- single cases ------------------------------------------------------------------------------
 */

static void a_wrong_content_length_is_not_believed(void **state)
{
    static const char *const lengths[] = {
        "0", "3", "7", "999999", "-1", "2147483649", "18446744073709551615", "x"};
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *text = g_strdup_printf(
            OPENING "A: b\nContent-Length: %s\n\nbody\n\n" OPENING "C: d\n\nx\n", lengths[i]);
        read_text(*state, text, strlen(text), MBOX_AUTO);
        Harvest *harvest = *state;
        assert_int_equal(harvest->messages->len, 2);
        assert_true(g_str_has_prefix((const char *)harvest_at(harvest, 1)->file->data, "C: d\n"));
    }
}

static void quoting_is_undone_as_the_kind_says(void **state)
{
    static const char text[] = OPENING "A: b\n\n>From x\n>>From y\n";
    static const struct {
        MboxKind kind;
        const char *body;
    } cases[] = {{MBOX_AUTO, "From x\n>From y\n"},
                 {MBOX_RD, "From x\n>From y\n"},
                 {MBOX_O, "From x\n>>From y\n"},
                 {MBOX_CL, "From x\n>>From y\n"},
                 {MBOX_CL2, ">From x\n>>From y\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        read_text(*state, text, sizeof text - 1, cases[i].kind);
        g_autofree char *whole = g_strconcat("A: b\n\n", cases[i].body, NULL);
        assert_file(harvest_at(*state, 0), whole, strlen(whole));
    }
}

static void from_in_a_text_that_nobody_quoted_parts_nothing(void **state)
{
    static const char text[] =
        OPENING "A: b\n\nFrom here on all is well:\nFrom: me\n\nFrom then on.\nnothing\n\n" OPENING
                "C: d\n\nx\n";
    Harvest *harvest = *state;
    read_text(harvest, text, sizeof text - 1, MBOX_AUTO);
    assert_int_equal(harvest->messages->len, 2);
    /* Without an empty line between, a date will do. */
    static const char close[] = OPENING "A: b\n\nx\n" OPENING "C: d\n\ny\n";
    read_text(harvest, close, sizeof close - 1, MBOX_AUTO);
    assert_int_equal(harvest->messages->len, 2);
    assert_file(harvest_at(harvest, 0), "A: b\n\nx\n", 8);
}

static void flags_and_the_date_are_read(void **state)
{
    static const char text[] = OPENING "Status: RO\nX-Status: AFDT\nA: b\n\nStatus: O\n\n"
                                       "From ann Thu Jan  2 03:04:05 +0100 2020\nA: b\n\n\n"
                                       "From nobody\nStatus: O\n\nx\n";
    read_text(*state, text, sizeof text - 1, MBOX_AUTO);
    assert_string_equal(harvest_at(*state, 0)->flags, "DFRST");
    assert_int_equal(harvest_at(*state, 0)->date, 1577934245);
    assert_string_equal(harvest_at(*state, 1)->flags, "");
    assert_int_equal(harvest_at(*state, 1)->date, 1577934245 - 3600);
    assert_int_equal(harvest_at(*state, 2)->date, 0);
    assert_true(g_str_has_suffix(harvest_at(*state, 2)->place, "mbox, message 3"));
}

static void lines_get_crlf_only_where_that_can_be_undone(void **state)
{
    static const char text[] = OPENING "A: b\n\nx\n\n" OPENING "A: b\r\n\r\nx\r\n\n" OPENING
                                       "A: b\n\r\nx\n\n" OPENING "A: b\r\r\n\n\n";
    static const gboolean as_is[] = {FALSE, TRUE, TRUE, TRUE};
    read_text(*state, text, sizeof text - 1, MBOX_AUTO);
    for (guint i = 0; i < G_N_ELEMENTS(as_is); i++)
        assert_int_equal(harvest_at(*state, i)->as_is, as_is[i]);
    assert_memory_equal(harvest_at(*state, 0)->given->data, "A: b\r\n\r\nx\r\n", 11);
}

static void an_mbox_whose_own_lines_end_with_crlf_is_one(void **state)
{
    static const char opening[] = "From ann Thu Jan  2 03:04:05 2020\r\n";
    g_autofree char *text =
        g_strconcat(opening, "A: b\r\n\r\nx\r\n\r\n", opening, "C: d\r\n\r\ny\r\n\r\n", NULL);
    read_text(*state, text, strlen(text), MBOX_AUTO);
    assert_file(harvest_at(*state, 0), "A: b\r\n\r\nx\r\n", 11);
    assert_file(harvest_at(*state, 1), "C: d\r\n\r\ny\r\n", 11);
}

static void what_is_no_mail_among_it_stops_nothing(void **state)
{
    static const char text[] = OPENING "\1\2\3\n\n" OPENING "\n" OPENING "C: d\n\ny\n";
    Harvest *harvest = *state;
    read_text(harvest, text, sizeof text - 1, MBOX_RD);
    assert_int_equal(harvest->messages->len, 1);
    assert_int_equal(harvest->faults->len, 2);
    assert_string_equal(harvest->faults->pdata[0], "import.message");
}

/* --- what can be read only once ----------------------------------------------------------------
 */

typedef struct {
    int fd;
    gsize size; /* of one message after another */
    guint n;
} Pipe;

static gpointer feed(gpointer user)
{
    const Pipe *pipe = user;
    g_autofree char *body = g_strnfill(pipe->size, 'x');
    for (guint n = 0; n < pipe->n; n++) {
        g_autofree char *text = g_strdup_printf(OPENING "Subject: %u\n\n%s\n\n", n, body);
        gsize left = strlen(text), at = 0;
        while (left > 0) {
            gssize done = write(pipe->fd, text + at, left);
            if (done <= 0)
                goto out;
            at += (gsize)done;
            left -= (gsize)done;
        }
    }
out:
    close(pipe->fd);
    return NULL;
}

static gboolean read_piped(Harvest *harvest, gsize size, guint n, GError **error)
{
    int ends[2], before = dup(STDIN_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    Pipe pipe = {ends[1], size, n};
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    close(ends[0]);
    GThread *thread = g_thread_new("feed", feed, &pipe);
    gboolean fine = harvest_read(harvest, "-", MBOX_AUTO, error);
    assert_true(dup2(before, STDIN_FILENO) >= 0); /* the last reader: the feeder ends */
    close(before);
    g_thread_join(thread);
    return fine;
}

static void an_mbox_comes_by_a_pipe(void **state)
{
    Harvest *harvest = *state;
    static const gsize sizes[] = {10, 70000, 3000000};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        assert_true(read_piped(harvest, sizes[i], 5, NULL));
        assert_int_equal(harvest->messages->len, 5);
        for (guint n = 0; n < 5; n++)
            assert_int_equal(harvest_at(harvest, n)->file->len, sizes[i] + 13);
    }
}

static void a_message_that_is_too_large_for_a_pipe_is_told(void **state)
{
    Harvest *harvest = *state;
    g_autoptr(GError) error = NULL;
    assert_false(read_piped(harvest, LIMIT_PIPED_MESSAGE, 1, &error));
    assert_string_equal(postern_error_rule(error), "import.piped");
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    assert_int_equal(harvest->messages->len, 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, harvest_set_up, harvest_tear_down)
    const struct CMUnitTest tests[] = {
        WITH(what_was_put_in_comes_out_of_every_kind),
        WITH(a_wrong_content_length_is_not_believed),
        WITH(quoting_is_undone_as_the_kind_says),
        WITH(from_in_a_text_that_nobody_quoted_parts_nothing),
        WITH(flags_and_the_date_are_read),
        WITH(lines_get_crlf_only_where_that_can_be_undone),
        WITH(an_mbox_whose_own_lines_end_with_crlf_is_one),
        WITH(what_is_no_mail_among_it_stops_nothing),
        WITH(an_mbox_comes_by_a_pipe),
        WITH(a_message_that_is_too_large_for_a_pipe_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
