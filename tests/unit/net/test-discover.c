/* Servers that DNS names: which questions are asked, and what becomes of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/discover.h"
#include "tests/unit/net/own-network.h"

#define D "._tcp.corp.example "

static FakeResolver *resolver;
static const char *domains[] = {"corp.example", NULL};
static const char *none[] = {NULL};
static const Company company = {
    .domains = (char **)domains, .networks = (char **)none, .offices = (char **)none};

/* "scheme host", or the rule of the refusal, or "" when none is offered. */
static char *found(const char *domain, gboolean submits, const char *const *records, int stop_fd)
{
    g_autoptr(GError) error = NULL;
    resolver->records = records;
    g_string_truncate(resolver->names, 0);
    g_autoptr(VettedEndpoint) endpoint =
        discover(domain, submits, "jsmith@corp.example", &company, stop_fd, &error);
    if (error) {
        assert_null(endpoint);
        return g_strdup_printf("%d %s", postern_exit_code(error), postern_error_rule(error));
    }
    if (endpoint == NULL)
        return g_strdup("");
    assert_string_equal(endpoint_login(endpoint), "jsmith@corp.example");
    return g_strdup_printf("%s %s", scheme_name(endpoint_scheme(endpoint)),
                           endpoint_host(endpoint));
}

typedef struct {
    gboolean submits;
    const char *records[4]; /* NULL at the end */
    const char *wanted;
} Case;

static void check(const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *got = found("corp.example", cases[i].submits, cases[i].records, -1);
        if (!g_str_equal(got, cases[i].wanted))
            fail_msg("%s …: wanted %s, got %s",
                     cases[i].records[0] ? cases[i].records[0] : "nothing", cases[i].wanted, got);
    }
}

static void the_better_priority_wins_and_then_tls_from_the_first_byte(void **state)
{
    (void)state;
    static const Case cases[] = {
        {FALSE, {"_imaps" D "0 1 993 mail.corp.example"}, "imaps mail.corp.example"},
        {FALSE, {"_pop3s" D "0 1 995 mail.corp.example"}, "pops mail.corp.example"},
        {FALSE,
         {"_imaps" D "10 1 993 a.corp.example", "_pop3s" D "10 1 995 b.corp.example"},
         "imaps a.corp.example"},
        {FALSE,
         {"_imaps" D "10 1 993 a.corp.example", "_pop3s" D "5 1 995 b.corp.example"},
         "pops b.corp.example"},
        {FALSE,
         {"_imaps" D "20 1 993 a.corp.example", "_imaps" D "10 0 993 B.Corp.Example"},
         "imaps b.corp.example"},
        {FALSE,
         {"_imaps" D "10 0 993 b.corp.example", "_imaps" D "20 1 993 a.corp.example"},
         "imaps b.corp.example"},
        {TRUE, {"_submissions" D "0 1 465 mail.corp.example"}, "smtps mail.corp.example"},
        {TRUE, {"_submission" D "0 1 587 mail.corp.example"}, "submission mail.corp.example"},
        {TRUE,
         {"_submission" D "0 1 587 a.corp.example", "_submissions" D "0 1 465 b.corp.example"},
         "smtps b.corp.example"},
        {TRUE,
         {"_submission" D "0 1 587 a.corp.example", "_submissions" D "1 1 465 b.corp.example"},
         "submission a.corp.example"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void a_dot_and_no_record_say_that_there_is_none(void **state)
{
    (void)state;
    static const Case cases[] = {
        {FALSE, {NULL}, ""},
        {TRUE, {NULL}, ""},
        {FALSE, {"_imaps" D "0 0 0 ."}, ""},
        {FALSE, {"_imaps" D "0 0 0 "}, ""},
        {TRUE, {"_submissions" D "0 0 0 ."}, ""},
        {FALSE,
         {"_imaps" D "0 0 0 .", "_pop3s" D "9 1 995 mail.corp.example"},
         "pops mail.corp.example"},
        {FALSE, {"_submission" D "0 1 587 mail.corp.example"}, ""},
        {TRUE, {"_imaps" D "0 1 993 mail.corp.example"}, ""},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p1_19_only_the_port_of_the_service_is_taken(void **state)
{
    (void)state;
    static const Case cases[] = {
        {FALSE, {"_imaps" D "0 1 143 mail.corp.example"}, "78 transport.port"},
        {FALSE, {"_imaps" D "0 1 995 mail.corp.example"}, "78 transport.port"},
        {FALSE, {"_imaps" D "0 1 0 mail.corp.example"}, "78 transport.port"},
        {FALSE, {"_pop3s" D "0 1 110 mail.corp.example"}, "78 transport.port"},
        {TRUE, {"_submissions" D "0 1 587 mail.corp.example"}, "78 transport.port"},
        {TRUE, {"_submission" D "0 1 25 mail.corp.example"}, "78 transport.port"},
        {TRUE, {"_submission" D "0 1 465 mail.corp.example"}, "78 transport.port"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p2_19_a_target_is_held_against_every_rule(void **state)
{
    (void)state;
    static const Case cases[] = {
        {FALSE, {"_imaps" D "0 1 993 mail.evil.test"}, "78 server.company"},
        {FALSE, {"_imaps" D "0 1 993 corp.example.evil.test"}, "78 server.company"},
        {FALSE, {"_imaps" D "0 1 993 evilcorp.example"}, "78 server.company"},
        {FALSE, {"_imaps" D "0 1 993 imap.gmail.com"}, "78 server.freemail"},
        {TRUE, {"_submission" D "0 1 587 smtp.hotmail.com"}, "78 server.freemail"},
        {FALSE, {"_imaps" D "0 1 993 10.23.0.1"}, "78 server.literal"},
        {FALSE, {"_imaps" D "0 1 993 2130706433"}, "78 server.literal"},
        {FALSE, {"_imaps" D "0 1 993 mail.corp.example."}, "imaps mail.corp.example"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

/* The best one would do, but somebody wrote the other beside it. */
static void p2_19_one_target_outside_refuses_the_service(void **state)
{
    (void)state;
    static const Case cases[] = {
        {FALSE,
         {"_imaps" D "0 1 993 mail.corp.example", "_imaps" D "9 1 993 mail.evil.test"},
         "78 server.company"},
        {FALSE,
         {"_imaps" D "0 1 993 mail.evil.test", "_imaps" D "9 1 993 mail.corp.example"},
         "78 server.company"},
        {FALSE,
         {"_imaps" D "0 1 993 mail.evil.test", "_pop3s" D "0 1 995 mail.corp.example"},
         "78 server.company"},
        {TRUE,
         {"_submissions" D "0 1 465 mail.corp.example",
          "_submissions" D "0 1 25 mail.corp.example"},
         "78 transport.port"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p2_19_bytes_of_a_name_are_no_uri(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "mail.corp.example/.evil.test",
        "mail.corp.example?.evil.test",
        "mail.corp.example#.evil.test",
        "mail.corp.example:993",
        "mail.evil.test\\@corp.example",
        "mail.evil.test@mail.corp.example",
        "john:x@mail.corp.example",
        "mail.corp.example\n.evil.test",
        "mail.corp.example\\000.evil",
        "mail .corp.example",
        "m\xc3\xa4il.corp.example",
        "mail%2Ecorp.example",
        "-mail.corp.example",
        "mail..corp.example",
        "[::1]",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *record = g_strconcat("_imaps" D "0 1 993 ", targets[i], NULL);
        const char *const records[] = {record, NULL};
        g_autofree char *got = found("corp.example", FALSE, records, -1);
        if (!g_str_equal(got, "78 server.uri"))
            fail_msg("%s: %s", targets[i], got);
    }
}

static void p1_the_services_in_clear_are_never_asked_for(void **state)
{
    (void)state;
    static const char *const records[] = {"_imap" D "0 1 143 mail.corp.example",
                                          "_pop3" D "0 1 110 mail.corp.example", NULL};
    g_autofree char *fetch = found("corp.example", FALSE, records, -1);
    assert_string_equal(fetch, "");
    assert_string_equal(resolver->names->str, "_imaps" D "_pop3s" D);
    g_autofree char *submit = found("Corp.Example.", TRUE, records, -1);
    assert_string_equal(submit, "");
    assert_string_equal(resolver->names->str, "_submissions" D "_submission" D);
}

static void p2_nothing_is_asked_of_another_domain(void **state)
{
    (void)state;
    static const char *const records[] = {"_imaps._tcp.gmail.com 0 1 993 mail.corp.example",
                                          "_imaps._tcp.evil.test 0 1 993 mail.corp.example", NULL};
    static const char *const others[] = {"gmail.com", "evil.test", "corp.example.evil.test",
                                         "",          "x y",       "."};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *got = found(others[i], FALSE, records, -1);
        assert_string_equal(got, "");
        assert_string_equal(resolver->names->str, "");
    }
    g_autofree char *under = found("hr.corp.example", FALSE, records, -1);
    assert_string_equal(resolver->names->str,
                        "_imaps._tcp.hr.corp.example _pop3s._tcp.hr.corp.example ");
}

static void more_targets_than_anybody_needs_are_refused(void **state)
{
    (void)state;
    static const char *const records[] = {"_imaps" D "0 1 993 mail.corp.example", NULL};
    resolver->many = LIMIT_ADDRESSES;
    g_autofree char *just = found("corp.example", FALSE, records, -1);
    assert_string_equal(just, "imaps mail.corp.example");
    resolver->many = LIMIT_ADDRESSES + 1;
    g_autofree char *over = found("corp.example", FALSE, records, -1);
    assert_string_equal(over, "69 server.dns");
    resolver->many = 0;
}

static void a_name_server_that_fails_is_no_no(void **state)
{
    (void)state;
    resolver->fails = TRUE;
    g_autofree char *got = found("corp.example", FALSE, none, -1);
    assert_string_equal(got, "69 server.dns");
    resolver->fails = FALSE;
}

static void an_interruption_ends_the_wait(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    resolver->hangs = TRUE;
    g_autofree char *got = found("corp.example", FALSE, none, ends[0]);
    assert_string_equal(got, "75 run.interrupted");
    resolver->hangs = FALSE;
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    resolver = fake_resolver_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_better_priority_wins_and_then_tls_from_the_first_byte),
        cmocka_unit_test(a_dot_and_no_record_say_that_there_is_none),
        cmocka_unit_test(p1_19_only_the_port_of_the_service_is_taken),
        cmocka_unit_test(p2_19_a_target_is_held_against_every_rule),
        cmocka_unit_test(p2_19_one_target_outside_refuses_the_service),
        cmocka_unit_test(p2_19_bytes_of_a_name_are_no_uri),
        cmocka_unit_test(p1_the_services_in_clear_are_never_asked_for),
        cmocka_unit_test(p2_nothing_is_asked_of_another_domain),
        cmocka_unit_test(more_targets_than_anybody_needs_are_refused),
        cmocka_unit_test(a_name_server_that_fails_is_no_no),
        cmocka_unit_test(an_interruption_ends_the_wait),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_object_unref(resolver);
    return failed;
}
