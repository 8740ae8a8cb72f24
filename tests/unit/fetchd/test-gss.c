/* P3: what a server may offer to put around mail, which TLS protects already. */
#include "fetchd/gss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"

static const struct {
    const char *offer;
    gsize size;
    const char *rule; /* NULL: taken */
} cases[] = {
    {"\1\0\0\0", 4, NULL},
    {"\1\377\377\377", 4, NULL}, /* Dovecot's */
    {"\7\0\377\377", 4, NULL},
    {"\377\0\0\0", 4, NULL},
    {"\0\0\0\0", 4, "login.layer"},
    {"\2\0\377\377", 4, "login.layer"},
    {"\6\0\377\377", 4, "login.layer"},
    {"", 0, "login.challenge"},
    {"\1\0\0", 3, "login.challenge"},
    {"\1\0\0\0\0", 5, "login.challenge"},
};

static void p3_33_a_server_that_demands_a_layer_within_tls_is_refused(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gboolean taken =
            gss_layer((const guint8 *)cases[i].offer, cases[i].size, "mail.corp.example", &error);
        assert_int_equal(taken, cases[i].rule == NULL);
        if (taken)
            continue;
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_PROTOCOL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p3_33_a_server_that_demands_a_layer_within_tls_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
