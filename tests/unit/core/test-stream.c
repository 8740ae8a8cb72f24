#include "core/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

/* A source that gives one byte and then fails. */
typedef struct {
    Source source;
    guint left;
} Failing;

static gssize failing_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    Failing *self = (Failing *)source;
    (void)size;
    if (self->left == 0) {
        refuse(error, POSTERN_ERROR_STORE, "test.read", NULL, "no more");
        return -1;
    }
    self->left--;
    *buffer = 'x';
    return 1;
}

static void failing_free(Source *source)
{
    g_free(source);
}

static Source *failing_source(void)
{
    Failing *self = g_new0(Failing, 1);
    self->source = (Source){.read = failing_read, .free = failing_free};
    self->left = 1;
    return &self->source;
}

static GBytes *letters(gsize n)
{
    char *text = g_strnfill(n, 'a');
    return g_bytes_new_take(text, n);
}

static void all_of_a_source_is_drained(void **state)
{
    (void)state;
    static const gsize sizes[] = {0, 1, 16 * 1024, 64 * 1024 + 1, 300000};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = letters(sizes[i]);
        g_autoptr(Source) source = source_from_bytes(bytes);
        g_autoptr(GBytes) whole = source_drain(source, sizes[i], NULL);
        assert_true(g_bytes_equal(whole, bytes));
        guint8 byte;
        assert_int_equal(source_read(source, &byte, 1, NULL), 0);
    }
}

static void a_drain_has_a_limit(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = letters(40000);
    g_autoptr(Source) fits = source_from_bytes(bytes);
    g_autoptr(GBytes) whole = source_drain(fits, 40000, NULL);
    assert_true(g_bytes_equal(whole, bytes));

    g_autoptr(Source) larger = source_from_bytes(bytes);
    g_autoptr(GError) error = NULL;
    assert_null(source_drain(larger, 39999, &error));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_INPUT);
    assert_string_equal(postern_error_rule(error), "message.size");
}

static void failures_come_through(void **state)
{
    (void)state;
    g_autoptr(Source) first = failing_source();
    g_autoptr(GError) drained = NULL;
    assert_null(source_drain(first, 100, &drained));
    assert_string_equal(postern_error_rule(drained), "test.read");

    source_free(NULL);
    sink_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_source_is_drained),
        cmocka_unit_test(a_drain_has_a_limit),
        cmocka_unit_test(failures_come_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
