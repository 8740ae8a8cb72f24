#include "policy/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "policy/company.h"
#include "tests/unit/policy/company.h"

static void a_server_of_the_company_is_vetted(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        Scheme scheme;
        const char *host;
        guint16 port;
        const char *login;
        const char *auth;
    } cases[] = {
        {"imaps://john@mail.corp.example/", SCHEME_IMAPS, "mail.corp.example", 993, "john", NULL},
        {"imaps://john@mail.corp.example", SCHEME_IMAPS, "mail.corp.example", 993, "john", NULL},
        {"IMAPS://john@MAIL.Corp.Example.:993/", SCHEME_IMAPS, "mail.corp.example", 993, "john",
         NULL},
        {"pops://john@corp.example:995", SCHEME_POPS, "corp.example", 995, "john", NULL},
        {"smtps://john%40corp.example@mx.corp.example", SCHEME_SMTPS, "mx.corp.example", 465,
         "john@corp.example", NULL},
        {"submission://j@a.firma.example:587", SCHEME_SUBMISSION, "a.firma.example", 587, "j",
         NULL},
        {"imaps://j;AUTH=SCRAM-SHA-256@corp.example", SCHEME_IMAPS, "corp.example", 993, "j",
         "SCRAM-SHA-256"},
        {"pops://j;auth=plain@corp.example", SCHEME_POPS, "corp.example", 995, "j", "PLAIN"},
        {"imaps://j;AUTH=*@corp.example", SCHEME_IMAPS, "corp.example", 993, "j", NULL},
        {"imaps://a%3Bb%2Fc@corp.example", SCHEME_IMAPS, "corp.example", 993, "a;b/c", NULL},
        {"imaps://jürgen@mail.bücher.example", SCHEME_IMAPS, "mail.xn--bcher-kva.example", 993,
         "jürgen", NULL},
        {"imaps://j@mail.xn--bcher-kva.example", SCHEME_IMAPS, "mail.xn--bcher-kva.example", 993,
         "j", NULL},
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(cases[i].uri, &company, &error);
        if (error)
            print_error("%s: %s\n", cases[i].uri, error->message);
        assert_non_null(endpoint);
        assert_int_equal(endpoint_scheme(endpoint), cases[i].scheme);
        assert_string_equal(endpoint_host(endpoint), cases[i].host);
        assert_int_equal(endpoint_port(endpoint), cases[i].port);
        assert_string_equal(endpoint_login(endpoint), cases[i].login);
        assert_int_equal(g_strcmp0(endpoint_auth(endpoint), cases[i].auth), 0);
    }
}

typedef struct {
    const char *uri;
    const char *rule;
    const char *mend; /* part of it, or NULL */
} Refusal;

static void check(const Refusal *cases, gsize n)
{
    Company company = a_company();
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        assert_null(endpoint_vet(cases[i].uri, &company, &error));
        assert_int_equal(postern_exit_code(error), 78);
        gboolean told = g_str_equal(postern_error_rule(error), cases[i].rule) &&
                        postern_error_mend(error) &&
                        (!cases[i].mend || strstr(postern_error_mend(error), cases[i].mend));
        if (!told)
            print_error("%s -> %s: %s (%s)\n", cases[i].uri, postern_error_rule(error),
                        error->message, postern_error_mend(error));
        assert_true(told);
    }
}

static void a_uri_may_name_a_mailbox(void **state)
{
    (void)state;
    static const char *const named[][2] = {
        {"imaps://j@corp.example/INBOX", "INBOX"},
        {"imaps://j@corp.example:993/INBOX", "INBOX"},
        {"imaps://j;AUTH=PLAIN@corp.example/Archive/2023", "Archive/2023"},
        {"imaps://j@corp.example/Gr%C3%B6%C3%9Fe%20%3B%40%25", "Größe ;@%"},
        {"imaps://j@corp.example/größe", "größe"},
        {"imaps://j@corp.example/", NULL},
        {"imaps://j@corp.example", NULL},
        {"pops://j@corp.example/", NULL},
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(named); i++) {
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(named[i][0], &company, NULL);
        assert_non_null(endpoint);
        assert_int_equal(g_strcmp0(endpoint_mailbox(endpoint), named[i][1]), 0);
    }
    g_autoptr(GString) uri = g_string_new("imaps://j@corp.example/");
    for (guint i = 0; i < LIMIT_MAILBOX_NAME; i++)
        g_string_append_c(uri, 'x');
    g_autoptr(VettedEndpoint) longest = endpoint_vet(uri->str, &company, NULL);
    assert_non_null(longest);
    g_string_append_c(uri, 'x');
    assert_null(endpoint_vet(uri->str, &company, NULL));
}

static void a_ticket_is_used_where_the_uri_or_the_company_names_it(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *minimum;
        gboolean ticket;
    } ticket_cases[] = {
        {"imaps://j;AUTH=GSSAPI@corp.example", NULL, TRUE},
        {"imaps://j;auth=gssapi@corp.example", "PLAIN", TRUE},
        {"imaps://j@corp.example", "GSSAPI", TRUE},
        {"imaps://j;AUTH=*@corp.example", "GSSAPI", TRUE},
        {"imaps://j@corp.example", NULL, FALSE},
        {"imaps://j@corp.example", "SCRAM-SHA-256", FALSE},
        {"imaps://j;AUTH=SCRAM-SHA-256-PLUS@corp.example", "GSSAPI", FALSE},
        {"imaps://j;AUTH=PLAIN@corp.example", "GSSAPI", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ticket_cases); i++) {
        Company company = a_company();
        company.min_auth = (char *)ticket_cases[i].minimum;
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(ticket_cases[i].uri, &company, NULL);
        assert_non_null(endpoint);
        assert_int_equal(endpoint_by_ticket(endpoint), ticket_cases[i].ticket);
    }
}

static void p1_1_other_schemes_are_refused(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"imap://j@corp.example", "transport.scheme", "imaps://"},
        {"imap://j@corp.example:993", "transport.scheme", "imaps://"},
        {"IMAP://j@corp.example", "transport.scheme", "imaps://"},
        {"imap+starttls://j@corp.example", "transport.scheme", "imaps://"},
        {"imapss://j@corp.example", "transport.scheme", "imaps://"},
        {"pop://j@corp.example", "transport.scheme", "pops://"},
        {"pop3://j@corp.example", "transport.scheme", "pops://"},
        {"pop3s://j@corp.example", "transport.scheme", "pops://"},
        {"smtp://j@corp.example:25", "transport.scheme", "smtps://"},
        {"http://corp.example", "transport.scheme", "imaps://"},
        {"https://corp.example", "transport.scheme", "imaps://"},
        {"file:///etc/passwd", "transport.scheme", "imaps://"},
        {"://j@corp.example", "transport.scheme", NULL},
        {" imaps://j@corp.example", "transport.scheme", NULL},
        {"", "server.uri", NULL},
        {"mail.corp.example", "server.uri", "imaps://john"},
        {"imaps:j@corp.example", "server.uri", NULL},
        {"imaps:/j@corp.example", "server.uri", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p1_1_other_ports_are_refused(void **state)
{
    (void)state;
    static const char *const ports[] = {
        "143", "0",    "110",  "109", "23", "25",      "65536",      "0993", "%39%39%33", "993x",
        "995", "+993", " 993", "-1",  "",   "993:993", "4294968289", "٩٩٣",  "99%33",
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *uri = g_strdup_printf("imaps://j@mail.corp.example:%s/", ports[i]);
        g_autoptr(GError) error = NULL;
        assert_null(endpoint_vet(uri, &company, &error));
        assert_string_equal(postern_error_rule(error), "transport.port");
        assert_string_equal(postern_error_mend(error), "leave the port out, or write 993");
    }
    static const Refusal crossed[] = {
        {"pops://j@corp.example:993", "transport.port", "995"},
        {"smtps://j@corp.example:587", "transport.port", "465"},
        {"submission://j@corp.example:465", "transport.port", "587"},
        {"submission://j@corp.example:25", "transport.port", "587"},
        {"imaps://j@[::1]:143", "transport.port", "993"},
    };
    check(crossed, G_N_ELEMENTS(crossed));
}

static void p2_13_hosts_that_only_look_like_the_company_are_refused(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"imaps://j@notcorp.example", "server.company", NULL},
        {"imaps://j@corp.example.evil.test", "server.company", NULL},
        {"imaps://mail.corp.example@evil.test", "server.company", NULL},
        {"imaps://j@example", "server.company", NULL},
        {"imaps://j@localhost", "server.company", NULL},
        {"imaps://j@mail", "server.company", NULL},
        {"imaps://j@corp。example", "server.uri", NULL},
        {"imaps://j@mail.corp．example", "server.uri", NULL},
        {"imaps://j@ｃｏｒｐ.example", "server.uri", NULL},
        {"imaps://j@соrp.example", "server.company", NULL}, /* Cyrillic */
        {"imaps://j@xn--rp-glc9j.example", "server.company", NULL},
        {"imaps://j@xn--corp-.example", "server.uri", NULL},
        {"imaps://j@xn--corp.example", "server.uri", NULL},
        {"imaps://j@mail..corp.example", "server.uri", NULL},
        {"imaps://j@.corp.example", "server.uri", NULL},
        {"imaps://j@mail.corp.example..", "server.uri", NULL},
        {"imaps://j@", "server.uri", NULL},
        {"imaps://j@/", "server.uri", NULL},
        {"imaps://j@.", "server.uri", NULL},
        {"imaps://j@mail%00.corp.example", "server.uri", NULL},
        {"imaps://j@mail%2ecorp.example", "server.uri", NULL},
        {"imaps://j@evil.test%2f.corp.example", "server.uri", NULL},
        {"imaps://j@-mail.corp.example", "server.uri", NULL},
        {"imaps://j@mail-.corp.example", "server.uri", NULL},
        {"imaps://j@ma_il.corp.example", "server.uri", NULL},
        {"imaps://j@ma il.corp.example", "server.uri", NULL},
        {"imaps://j@evil.test\\.corp.example", "server.uri", NULL},
        {"imaps://j@*.corp.example", "server.uri", NULL},
        {"imaps://j@\xFF.corp.example", "server.uri", NULL},
        {"imaps://j@ma\xE2\x80\x8Dil.corp.example", "server.uri", NULL}, /* ZWJ */
        {"imaps://j@ma\xC2\xADil.corp.example", "server.uri", NULL},     /* soft hyphen */
        {"imaps://j@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.corp.example",
         "server.uri", NULL}, /* a label of 64 */
        {"imaps://j@evil.test/mail.corp.example", "server.company", NULL},
        {"imaps://j@evil.test?.corp.example", "server.company", NULL},
        {"imaps://j@evil.test#.corp.example", "server.company", NULL},
        {"imaps://j@evil.test/@mail.corp.example", "server.uri", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p2_13_a_name_has_a_length(void **state)
{
    (void)state;
    Company company = a_company();
    g_autoptr(GString) uri = g_string_new("imaps://j@");
    for (guint i = 0; i < 120; i++)
        g_string_append(uri, "a.");
    g_string_append(uri, "corp.example"); /* 252 */
    for (guint length = 253; length <= 255; length++) {
        g_string_insert_c(uri, (gssize)strlen("imaps://j@"), 'a');
        g_autoptr(GError) error = NULL;
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(uri->str, &company, &error);
        assert_int_equal(endpoint != NULL, length == 253);
        assert_true(endpoint || g_str_equal(postern_error_rule(error), "server.uri"));
    }
}

static void p2_13_a_name_is_as_long_as_it_is_asked_for(void **state)
{
    (void)state;
    Company company = a_company();
    g_autoptr(GString) uri = g_string_new("imaps://j@");
    for (guint i = 0; i < 30; i++)
        g_string_append(uri, "ü."); /* "xn--tda." */
    g_string_append(uri, "corp.example");
    g_autoptr(VettedEndpoint) fits = endpoint_vet(uri->str, &company, NULL);
    assert_non_null(fits);
    g_string_insert(uri, (gssize)strlen("imaps://j@"), "ü.");
    assert_null(endpoint_vet(uri->str, &company, NULL));
}

static void p2_14_addresses_are_no_servers(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"imaps://j@127.1", "server.literal", NULL},
        {"imaps://j@127.0.0.1", "server.literal", NULL},
        {"imaps://j@127.0.0.1.", "server.literal", NULL},
        {"imaps://j@0x7f000001", "server.literal", NULL},
        {"imaps://j@0X7F.1", "server.literal", NULL},
        {"imaps://j@127.0.0.0x1", "server.literal", NULL},
        {"imaps://j@0x", "server.literal", NULL},
        {"imaps://j@017700000001", "server.literal", NULL},
        {"imaps://j@2130706433", "server.literal", NULL},
        {"imaps://j@[::1]", "server.literal", NULL},
        {"imaps://j@[::1]:993", "server.literal", NULL},
        {"imaps://j@[v1.x]", "server.literal", NULL},
        {"imaps://j@[", "server.literal", NULL},
        {"imaps://j@mail.corp.example.1", "server.literal", NULL},
        {"imaps://j@0xcorp.example", "server.company", NULL},
        {"imaps://j@１２７.1", "server.literal", NULL},
        {"imaps://j@１２７。０。０。１", "server.uri", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p2_19_freemail_servers_are_refused(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"imaps://j@imap.gmail.com", "server.freemail", NULL},
        {"imaps://j@gmail.com.", "server.freemail", NULL},
        {"pops://j@POP.GMX.net", "server.freemail", NULL},
        {"pops://j@pop.mail.yahoo.co.jp", "server.freemail", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p10_110_a_login_is_needed_and_no_password(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"imaps://mail.corp.example", "server.login", "%40"},
        {"imaps://@mail.corp.example", "server.login", NULL},
        {"imaps://;AUTH=PLAIN@mail.corp.example", "server.login", NULL},
        {"imaps://j;AUTH=@mail.corp.example", "server.login", NULL},
        {"imaps://j;AUTH=A B@mail.corp.example", "server.login", NULL},
        {"imaps://j;AUTH=ABCDEFGHIJKLMNOPQRSTU@mail.corp.example", "server.login", NULL},
        {"imaps://j;type=a@mail.corp.example", "server.login", NULL},
        {"imaps://j;AUTH=A;AUTH=B@mail.corp.example", "server.login", NULL},
        {"imaps://j%0d%0aDELETE@mail.corp.example", "server.login", NULL},
        {"imaps://j%00@mail.corp.example", "server.login", NULL},
        {"imaps://j%C2%85@mail.corp.example", "server.login", NULL},
        {"imaps://j%FF@mail.corp.example", "server.login", NULL},
        {"imaps://j%4@mail.corp.example", "server.login", NULL},
        {"imaps://j\x01@mail.corp.example", "server.login", NULL},
        {"imaps://john@corp.example@mail.corp.example", "server.uri", "%40"},
        {"imaps://j;AUTH=ANONYMOUS@mail.corp.example", "server.login", "min_auth"},
        {"pops://j@mail.corp.example/INBOX", "server.uri", "folders"},
        {"smtps://j@mail.corp.example/INBOX", "server.uri", "folders"},
        {"imaps://j@mail.corp.example/INBOX;UIDVALIDITY=1/;UID=2", "server.uri", "folders"},
        {"imaps://j@mail.corp.example/INBOX/;UID=2", "server.uri", "folders"},
        {"imaps://j@mail.corp.example/INBOX?ALL", "server.uri", "folders"},
        {"imaps://j@mail.corp.example/a%0d%0aDELETE", "server.uri", "INBOX"},
        {"imaps://j@mail.corp.example/a%00", "server.uri", "INBOX"},
        {"imaps://j@mail.corp.example/%FF", "server.uri", "INBOX"},
        {"imaps://j@mail.corp.example/a%4", "server.uri", "INBOX"},
        {"imaps://j@mail.corp.example/a/", "server.uri", "INBOX"},
        {"imaps://j@evil.test/INBOX", "server.company", NULL},
        {"imaps://mail.corp.example/j@x", "server.uri", "%2F"},
        {"imaps://j@mail.corp.example//", "server.uri", NULL},
        {"imaps://j@mail.corp.example?x", "server.uri", NULL},
        {"imaps://j@mail.corp.example/#x", "server.uri", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));

    static const char *const with_password[] = {
        "imaps://j:hunter2@mail.corp.example",  "imaps://j:hunt/er2@mail.corp.example",
        "imaps://j:hunt@er2@mail.corp.example", "imaps://:hunter2@mail.corp.example",
        "imap://j:hunter2@mail.corp.example",   "j:hunter2@mail.corp.example",
        "imaps://j:hunter2?@evil.test:143",
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(with_password); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(endpoint_vet(with_password[i], &company, &error));
        assert_null(strstr(error->message, "hunt"));
        assert_null(strstr(error->message, "er2"));
        assert_null(strstr(postern_error_mend(error), "hunt"));
        if (i < 4)
            assert_string_equal(postern_error_rule(error), "server.login");
    }
}

static void p10_110_a_login_has_a_length(void **state)
{
    (void)state;
    Company company = a_company();
    for (guint extra = 0; extra <= 1; extra++) {
        g_autofree char *login = g_strnfill(320 + extra, 'j');
        g_autofree char *uri = g_strdup_printf("imaps://%s@corp.example", login);
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(uri, &company, NULL);
        assert_int_equal(endpoint == NULL, extra);
    }
}

static void p10_110_values_are_shown_safe(void **state)
{
    (void)state;
    Company company = a_company();
    static const char *const uris[] = {"im\x1B[2Jap://x", "imaps://j@ma\x1B[2Jil.corp.example",
                                       "imaps://j@corp.example:\x1B[2J"};
    for (gsize i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(endpoint_vet(uris[i], &company, &error));
        assert_null(strchr(error->message, '\x1B'));
    }
}

static void p2_15_unsound_company_domains_are_refused(void **state)
{
    (void)state;
    static const char *const unsound[] = {
        "com",        "co.uk",          "github.io",        "",
        "*",          "*.corp.example", "example",          "example.",
        ".",          "127.0.0.1..",    "xn--55qx5d.cn",    "公司.cn",
        "gmail.com",  "hotmail.fr",     "mail.gmx.net",     "corp..example",
        "-a.example", "a b.example",    "ｃｏｒｐ.example", "s3.amazonaws.com",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(unsound); i++) {
        char *domains[] = {(char *)"corp.example", (char *)unsound[i], NULL};
        Company company = a_company();
        company.domains = domains;
        g_autoptr(GError) error = NULL;
        gboolean sound = company_check(&company, &error);
        if (sound)
            print_error("%s was taken\n", unsound[i]);
        assert_false(sound);
        assert_int_equal(postern_exit_code(error), 78);
        assert_string_equal(postern_error_rule(error), "config.value");

        /* and nothing is vetted against them */
        assert_null(endpoint_vet("imaps://j@corp.example", &company, NULL));
    }
    char *none[] = {NULL};
    Company company = a_company();
    company.domains = none;
    g_autoptr(GError) error = NULL;
    assert_false(company_check(&company, &error));
    assert_string_equal(postern_error_rule(error), "config.value");
    company = a_company();
    assert_true(company_check(&company, NULL));
}

static void p2_13_the_company_owns_what_lies_under_its_domains(void **state)
{
    (void)state;
    Company company = a_company();
    assert_true(company_owns(&company, "corp.example"));
    assert_true(company_owns(&company, "CORP.EXAMPLE."));
    assert_true(company_owns(&company, "a.b.corp.example"));
    assert_true(company_owns(&company, "firma.example"));
    assert_true(company_owns(&company, "xn--bcher-kva.example"));
    assert_false(company_owns(&company, "notcorp.example"));
    assert_false(company_owns(&company, "example"));
    assert_false(company_owns(&company, ""));
    g_autofree char *label = g_strnfill(63, 'a');
    g_autofree char *longest =
        g_strdup_printf("%s.%s.%s.%.48s.corp.example", label, label, label, label);
    g_autofree char *longer = g_strconcat("a", longest, NULL);
    assert_int_equal(strlen(longest), 253);
    assert_true(company_owns(&company, longest));
    assert_false(company_owns(&company, longer)); /* RFC 1035, 2.3.4; its first label too */
    g_autofree char *too_long =
        g_strdup_printf("%s.%s.%s.%.49s.corp.example", label, label, label, label);
    assert_false(company_owns(&company, too_long));
    char *bad[] = {(char *)"*", NULL};
    company.domains = bad;
    assert_false(company_owns(&company, "corp.example"));
}

static void freemail_providers_are_known_by_domain(void **state)
{
    (void)state;
    static const char *const freemail[] = {
        "gmail.com",         "GMAIL.com.", "mx.gmail.com", "hotmail.com", "hotmail.co.uk",
        "outlook.com",       "live.com",   "msn.com",      "yahoo.com",   "yahoo.co.jp",
        "mail.yahoo.com.br", "gmx.net",    "gmx.de",       "web.de",      "aol.com",
        "icloud.com",        "proton.me",  "mail.ru",      "qq.com",      "163.com",
    };
    static const char *const others[] = {
        "corp.example",
        "notgmail.com",
        "gmail.com.corp.example",
        "gmail",
        "com",
        "yahoo",
        "yahoo.corp.example",
        "",
        "*",
        "outlook.office365.com",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(freemail); i++)
        assert_true(freemail_domain(freemail[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        assert_false(freemail_domain(others[i]));
}

static void p2_25_an_accounts_tunnel_is_held_against_the_rules(void **state)
{
    (void)state;
    static const char *networks[] = {"10.0.0.0/8", NULL};
    Company company = a_company();
    Account account = {.name = (char *)"work", .tunnel = (char *)"ssh -W %h:%p gateway"};
    g_autoptr(GError) error = NULL;
    g_autoptr(VettedEndpoint) free_to_go =
        endpoint_of(&account, "imaps://john@mail.corp.example/", &company, &error);
    assert_non_null(free_to_go);
    const Account direct = {.name = (char *)"work"};
    g_autoptr(VettedEndpoint) without =
        endpoint_of(&direct, "imaps://john@mail.corp.example/", &company, &error);
    assert_non_null(without);
    assert_null(endpoint_of(&account, "imaps://john@mail.evil.test/", &company, &error));
    assert_string_equal(postern_error_rule(error), "server.company");
    g_clear_error(&error);
    company.networks = (char **)networks;
    assert_null(endpoint_of(&account, "imaps://john@mail.corp.example/", &company, &error));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
    assert_string_equal(postern_error_rule(error), "config.tunnel");
}

static void p1_a_server_is_of_use_for_one_thing(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        gboolean submits;
    } cases[] = {{"imaps://j@mail.corp.example", FALSE},
                 {"pops://j@mail.corp.example", FALSE},
                 {"smtps://j@mail.corp.example", TRUE},
                 {"submission://j@mail.corp.example", TRUE}};
    const Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VettedEndpoint) endpoint = endpoint_vet(cases[i].uri, &company, NULL);
        g_autoptr(GError) error = NULL;
        assert_true(endpoint_fits(endpoint, cases[i].submits, &error));
        assert_false(endpoint_fits(endpoint, !cases[i].submits, &error));
        assert_string_equal(postern_error_rule(error), "transport.scheme");
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
    }
}

static void schemes_have_names(void **state)
{
    (void)state;
    assert_string_equal(scheme_name(SCHEME_IMAPS), "imaps");
    assert_string_equal(scheme_name(SCHEME_SUBMISSION), "submission");
    endpoint_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_of_the_company_is_vetted),
        cmocka_unit_test(a_uri_may_name_a_mailbox),
        cmocka_unit_test(a_ticket_is_used_where_the_uri_or_the_company_names_it),
        cmocka_unit_test(p1_1_other_schemes_are_refused),
        cmocka_unit_test(p1_1_other_ports_are_refused),
        cmocka_unit_test(p2_13_hosts_that_only_look_like_the_company_are_refused),
        cmocka_unit_test(p2_13_a_name_has_a_length),
        cmocka_unit_test(p2_13_a_name_is_as_long_as_it_is_asked_for),
        cmocka_unit_test(p2_14_addresses_are_no_servers),
        cmocka_unit_test(p2_19_freemail_servers_are_refused),
        cmocka_unit_test(p10_110_a_login_is_needed_and_no_password),
        cmocka_unit_test(p10_110_a_login_has_a_length),
        cmocka_unit_test(p10_110_values_are_shown_safe),
        cmocka_unit_test(p2_15_unsound_company_domains_are_refused),
        cmocka_unit_test(p2_13_the_company_owns_what_lies_under_its_domains),
        cmocka_unit_test(freemail_providers_are_known_by_domain),
        cmocka_unit_test(p2_25_an_accounts_tunnel_is_held_against_the_rules),
        cmocka_unit_test(p1_a_server_is_of_use_for_one_thing),
        cmocka_unit_test(schemes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
