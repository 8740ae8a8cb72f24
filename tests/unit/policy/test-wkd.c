#include "policy/wkd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/unit/policy/company.h"

static void a_directory_is_asked_of_whom_the_rule_names(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        gboolean never, company, any;
    } cases[] = {
        {"john@corp.example", FALSE, TRUE, TRUE},
        {"john@HR.Corp.Example", FALSE, TRUE, TRUE},
        {"john@xn--bcher-kva.example", FALSE, TRUE, TRUE},
        {"ann@other.example", FALSE, FALSE, TRUE},
        {"ann@notcorp.example", FALSE, FALSE, TRUE},
        {"\"a@corp.example\"@other.example", FALSE, FALSE, TRUE},
        {"john@corp.example.evil.test", FALSE, FALSE, TRUE},
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        company.wkd = (char *)"never";
        assert_int_equal(wkd_vet(&company, cases[i].address, NULL), cases[i].never);
        company.wkd = (char *)"company";
        assert_int_equal(wkd_vet(&company, cases[i].address, NULL), cases[i].company);
        company.wkd = (char *)"any";
        assert_int_equal(wkd_vet(&company, cases[i].address, NULL), cases[i].any);
    }
}

static void a_refusal_names_the_rule(void **state)
{
    (void)state;
    g_autoptr(GError) refused = NULL, wrong = NULL;
    Company company = a_company();
    company.wkd = (char *)"company";
    assert_false(wkd_vet(&company, "ann@other.example", &refused));
    assert_int_equal(refused->code, POSTERN_ERROR_POLICY);
    assert_string_equal(postern_error_rule(refused), "key.wkd");
    company.wkd = (char *)"any";
    assert_false(wkd_vet(&company, "ann@other..example", &wrong));
    assert_int_equal(wrong->code, POSTERN_ERROR_INPUT);
    assert_false(wkd_vet(&company, "ann", NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_asked_of_whom_the_rule_names),
        cmocka_unit_test(a_refusal_names_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
