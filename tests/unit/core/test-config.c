#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/tagname.h"

#define FPR "0123456789ABCDEF0123456789ABCDEF01234567"
#define PIN_A "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ADDRESS "[account \"w\"]\naddress = a@corp.example\n"

static Config *parsed(const char *text)
{
    g_autoptr(GError) error = NULL;
    Config *config = config_parse(text, strlen(text), "config", &error);
    if (error)
        print_error("%s\n", error->message);
    assert_non_null(config);
    return config;
}

static void the_example_of_the_manual_is_read(void **state)
{
    (void)state;
    g_autoptr(Config) config = parsed("# a comment\n"
                                      "[company]\n"
                                      "domains = corp.example; corp.example.net ;\n"
                                      "networks = 10.0.0.0/8; 2001:db8::/32; 10.9.8.7/32\n"
                                      "offices=10.0.0.0/8\r\n"
                                      "ca_file = /etc/ssl/corp-ca.pem\n"
                                      "outside = allow\n"
                                      "freemail = encrypt\n"
                                      "min_tls = 1.3\n"
                                      "recovery_keys = " FPR "\n"
                                      "\n"
                                      "[account \"work\"]\n"
                                      "address = John Smith <jsmith@corp.example>\n"
                                      "aliases = info@corp.example; john@corp.example\n"
                                      "fetch = imaps://john@mail.corp.example/\n"
                                      "submit = smtps://john@mail.corp.example\n"
                                      "folders = *; !Trash; !Junk\n"
                                      "keep = no\n"
                                      "secret = command: pass show \"mail work\"\n"
                                      "key = 0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567\n"
                                      "sign_key = " FPR "\n"
                                      "pin = " PIN_A "\n"
                                      "  # another\n"
                                      "[crypto]\n"
                                      "index = headers\n"
                                      "unlock_timeout = 15m\n");
    const Company *company = &config->company;
    assert_string_equal(company->domains[1], "corp.example.net");
    assert_null(company->domains[2]);
    assert_string_equal(company->networks[1], "2001:db8::/32");
    assert_string_equal(company->networks[2], "10.9.8.7/32");
    assert_string_equal(company->offices[0], "10.0.0.0/8");
    assert_string_equal(g_ptr_array_index(company->ca_files, 0), "/etc/ssl/corp-ca.pem");
    assert_int_equal(company->outside, RULE_ALLOW);
    assert_int_equal(company->freemail, RULE_ENCRYPT);
    assert_int_equal(company->min_tls, TLS_1_3);
    assert_string_equal(company->recovery_keys[0], FPR);

    const Account *account = g_ptr_array_index(config->accounts, 0);
    assert_string_equal(account->name, "work");
    assert_string_equal(account->address, "John Smith <jsmith@corp.example>");
    assert_string_equal(account->aliases[1], "john@corp.example");
    assert_string_equal(account->fetch, "imaps://john@mail.corp.example/");
    assert_string_equal(account->submit, "smtps://john@mail.corp.example");
    assert_string_equal(account->folders[1], "!Trash");
    assert_int_equal(account->keep, KEEP_NO);
    assert_int_equal(account->secret_kind, SECRET_COMMAND);
    assert_string_equal(account->secret_argument, "pass show \"mail work\"");
    assert_string_equal(account->key, FPR);
    assert_string_equal(account->sign_key, FPR);
    assert_string_equal(account->pins[0], PIN_A);
    assert_int_equal(config->crypto_index, INDEX_HEADERS);
    assert_int_equal(config->unlock_seconds, 900);
}

static void what_is_not_written_has_its_default(void **state)
{
    (void)state;
    g_autoptr(Config) config = parsed(ADDRESS);
    const Account *account = g_ptr_array_index(config->accounts, 0);
    assert_string_equal(account->folders[0], "*");
    assert_null(account->folders[1]);
    assert_int_equal(account->keep, KEEP_YES);
    assert_int_equal(account->secret_kind, SECRET_SEALED);
    assert_null(account->save_sent);
    assert_null(account->fetch);
    assert_null(*account->pins);
    assert_int_equal(config->company.outside, RULE_ENCRYPT);
    assert_int_equal(config->company.freemail, RULE_REFUSE);
    assert_int_equal(config->company.min_tls, TLS_1_2);
    assert_string_equal(config->company.wkd, "never");
    assert_null(config->company.min_auth);
    assert_int_equal(config->crypto_index, INDEX_FULL);
    assert_int_equal(config->unlock_seconds, 3600);
}

static void secrets_and_keeping_have_their_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        SecretKind kind;
        const char *argument;
    } cases[] = {
        {"sealed", SECRET_SEALED, NULL},
        {"keyring", SECRET_KEYRING, NULL},
        {"credential:mail", SECRET_CREDENTIAL, "mail"},
        {"command:cat /run/x", SECRET_COMMAND, "cat /run/x"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(ADDRESS "secret = %s\n", cases[i].value);
        g_autoptr(Config) config = parsed(text);
        const Account *account = g_ptr_array_index(config->accounts, 0);
        assert_int_equal(account->secret_kind, cases[i].kind);
        assert_int_equal(g_strcmp0(account->secret_argument, cases[i].argument), 0);
    }
    g_autoptr(Config) config = parsed(ADDRESS "keep = 30\n");
    const Account *account = g_ptr_array_index(config->accounts, 0);
    assert_int_equal(account->keep, KEEP_DAYS);
    assert_int_equal(account->keep_days, 30);
}

typedef struct {
    const char *text;
    const char *rule;
    const char *message; /* part of it */
    const char *mend;    /* part of it, or NULL */
} Refusal;

static void check(const Refusal *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        assert_null(config_parse(cases[i].text, strlen(cases[i].text), "config", &error));
        assert_int_equal(postern_exit_code(error), 78);
        assert_non_null(postern_error_mend(error));
        gboolean told = g_str_equal(postern_error_rule(error), cases[i].rule) &&
                        strstr(error->message, cases[i].message) &&
                        (!cases[i].mend || strstr(postern_error_mend(error), cases[i].mend));
        if (!told)
            print_error("%s: %s (%s)\n", postern_error_rule(error), error->message,
                        postern_error_mend(error));
        assert_true(told);
    }
}

static void p10_109_wrong_lines_are_named(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"domains = x\n", "config.syntax", "config:1: a key before the first section", "[company]"},
        {"[company]\n\nnonsense\n", "config.syntax", "config:3: neither", "KEY = VALUE"},
        {"[company]\n= x\n", "config.syntax", "config:2: ", NULL},
        {"[company\n", "config.syntax", "config:1: not a section", NULL},
        {"[]\n", "config.syntax", "config:1: not a section", NULL},
        {"[a[b]\n", "config.syntax", "config:1: not a section", NULL},
        {"[company] # main\n", "config.syntax", "config:1: not a section", NULL},
        {"[company]\n[crypto]\n[company]\n", "config.syntax",
         "config:3: \"company\" stands already in line 1", NULL},
        {"[company]\noutside=allow\noutside=refuse\n", "config.syntax",
         "config:3: \"outside\" stands already in line 2", NULL},
        {ADDRESS ADDRESS, "config.syntax", "config:3:", NULL},
        {"[company]\ndomains = \xFF\n", "config.syntax", "config:2: not UTF-8", NULL},
        {"[company]\ndomains = a\x1B[2J\n", "config.syntax", "config:2: a control", NULL},
        {"[company]\ndomains = a\rb\n", "config.syntax", "config:2: a control", NULL},
        {"\xEF\xBB\xBF[company]\n", "config.syntax", "config:1: ", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p10_109_unknown_names_bring_the_nearest(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"[compayn]\n", "config.key", "config:1: unknown section [compayn]", "[company]"},
        {"[accounts \"x\"]\n", "config.key", "unknown section", "[account \"NAME\"]"},
        {"[account work]\n", "config.key", "unknown section", "[account \"NAME\"]"},
        {"[account \"\"]\n", "config.key", "unknown section", "[account \"NAME\"]"},
        {"[account \"a\"b\"]\n", "config.key", "unknown section", "[account \"NAME\"]"},
        {"[account  \"a\"]\n", "config.key", "unknown section", "[account \"NAME\"]"},
        {"[sensitiv \"hr\"]\n", "config.key", "unknown section", "[sensitive \"NAME\"]"},
        {"[company]\nfreemial = refuse\n", "config.key",
         "config:2: [company] has no key \"freemial\"", "did you mean freemail?"},
        {"[company]\nDomains = x\n", "config.key", "\"Domains\"", "did you mean domains?"},
        {"[company]\ndomains[de] = x\n", "config.key", "\"domains[de]\"", "domains"},
        {ADDRESS "fetsh = imaps://a@b\n", "config.key", "config:3:", "did you mean fetch?"},
        {ADDRESS "recovery_keys = " FPR "\n", "config.key", "config:3:", NULL},
        {"[crypto]\nunlock_time = 3\n", "config.key", "config:2:", "unlock_timeout"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p10_109_wrong_values_are_named(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"[company]\ndomains =\n", "config.value", "config:2: domains = \"\": is empty", NULL},
        {"[company]\ndomains = a;;b\n", "config.value", "has an empty item", NULL},
        {"[company]\ndomains = ;\n", "config.value", "has an empty item", NULL},
        {"[company]\noutside = never\n", "config.value",
         "outside = \"never\": must be allow, encrypt or refuse", "outside"},
        {"[company]\noutside = refuse # all\n", "config.value", "must be", NULL},
        {"[company]\nmin_tls = 1.1\n", "config.value", "must be 1.2 or 1.3", NULL},
        {"[company]\nlogin_names = pass\n", "config.value", "must be warn or fail", NULL},
        {"[company]\nwkd = all\n", "config.value", "must be never, company or any", NULL},
        {"[company]\nca_file = ca.pem\n", "config.value", "begins with /", NULL},
        {"[company]\nrecovery_keys = " FPR "; 1234\n", "config.value", "fingerprint", NULL},
        {"[company]\npin = sha256/AAAA\n", "config.value", "44 characters", NULL},
        {"[company]\npin = " PIN_A "=\n", "config.value", "44 characters", NULL},
        {"[company]\npin = sha1/AAAA\n", "config.value", "44 characters", NULL},
        {"[account \"a\xE2\x80\xAE\"]\n", "config.value", "cannot be an account's name", NULL},
        {"[account \"a\xC2\x9B\"]\n", "config.value", "cannot be an account's name", NULL},
        {"[company]\nmin_auth = NONE\n", "config.value", "must be LOGIN, PLAIN", NULL},
        {ADDRESS "keep = 0\n", "config.value", "a number of days", NULL},
        {ADDRESS "save_sent = yes\n", "config.value", "the name of a folder", NULL},
        {ADDRESS "save_sent = Sent\n", "config.value", "does not fetch over IMAP", NULL},
        {ADDRESS "fetch = pops://j@x.test\nsave_sent = server\n", "config.value",
         "does not fetch over IMAP", NULL},
        {ADDRESS "keep = maybe\n", "config.value", "a number of days", NULL},
        {ADDRESS "key = DEADBEEF\n", "config.value", "fingerprint", NULL},
        {ADDRESS "key = " FPR "G\n", "config.value", "fingerprint", NULL},
        {ADDRESS "max_size = 1T\n", "config.value", "must be a size", NULL},
        {ADDRESS "max_size = -1\n", "config.value", "must be a size", NULL},
        {ADDRESS "max_size = 1MB\n", "config.value", "must be a size", NULL},
        {ADDRESS "max_size = 0K\n", "config.value", "must be a size", NULL},
        {ADDRESS "max_size = 2097153K\n", "config.value", "2G at most", NULL},
        {ADDRESS "max_size = 999999999999999999G\n", "config.value", "must be a size", NULL},
        {ADDRESS "max_size = 99999999999999999999\n", "config.value", "must be a size", NULL},
        {ADDRESS "connections = 0\n", "config.value", "from 1 to 1000", NULL},
        {ADDRESS "connections = 2s\n", "config.value", "from 1 to 1000", NULL},
        {ADDRESS "interval = soon\n", "config.value", "must be a time", NULL},
        {ADDRESS "interval = 59\n", "config.value", "1m or longer", NULL},
        {ADDRESS "deliver = lmtp:sock\n", "config.value", "must be lmtp:", NULL},
        {ADDRESS "deliver = mbox:/x\n", "config.value", "must be lmtp:", NULL},
        {ADDRESS "outbox_key = sealed\n", "config.value", "credential:NAME", NULL},
        {ADDRESS "outbox_key = credential:../x\n", "config.value", "credential:NAME", NULL},
        {ADDRESS "tunnel = ssh 'x\n", "config.value", "quotes closed", NULL},
        {ADDRESS "aliases = a@b; c\n", "config.value", "must be addresses", NULL},
        {ADDRESS "folders = *; !\\Thrash\n", "config.value", "behind a backslash only All",
         "folders"},
        {ADDRESS "folders = \\\n", "config.value", "behind a backslash only", NULL},
        {ADDRESS "folders = \\Trash*\n", "config.value", "behind a backslash only", NULL},
        {ADDRESS "gone = delete\n", "config.value", "keep or remove", NULL},
        {"[account \"w\"]\nfetch = x\n", "config.value", "config:1: account \"w\" has no address",
         "address ="},
        {"[account \"w\"]\naddress = john\n", "config.value", "must be an address", NULL},
        {"[account \"w\"]\naddress = <john@>\n", "config.value", "must be an address", NULL},
        {"[account \"-w\"]\n", "config.value", "config:1: ", NULL},
        {"[account \"a/b\"]\n", "config.value", "config:1: ", NULL},
        {"[account \" a\"]\n", "config.value", "config:1: ", NULL},
        {"[account \"a \"]\n", "config.value", "config:1: ", NULL},
        {"[sensitive \"hr\"]\nheader = X\n", "config.value", "header field", NULL},
        {"[sensitive \"hr\"]\nheader = X y: z\n", "config.value", "header field", NULL},
        {"[sensitive \"hr\"]\nheader = X:\n", "config.value", "header field", NULL},
        {"[sensitive \"hr\"]\nfrom = a@b\nbody = (x\n", "config.value",
         "config:3: body = \"(x\": is no regular expression: ", "correct body"},
        {"[sensitive \"hr\"]\nsubject = [\n", "config.value", "config:2: subject", NULL},
        {"\n[sensitive \"hr\"]\nindex = none\n", "config.value",
         "config:2: rule \"hr\" does not say what it is for", "from = "},
        {"[sensitive \"hr\"]\nencrypted = no\n[log]\n", "config.value", "config:1: rule", NULL},
        {"[sensitive \"hr\"]\naccount = wrok\n", "config.value",
         "config:1: there is no account \"wrok\"", NULL},
        {"[sensitive \"hr\"]\nlarger = much\n", "config.value", "must be a size", NULL},
        {"[sensitive \"hr\"]\nfrom = a@b\nindex = some\n", "config.value", "must be none", NULL},
        {"[tag \"a\"]\n[log]\n", "config.value", "config:1: tag \"a\" has no query", "query = "},
        {"\n[tag \"unread\"]\nquery = x\n", "config.value",
         "config:2: \"unread\" is what the server", NULL},
        {"[tag \"-a\"]\nquery = x\n", "config.value", "begins with", NULL},
        {"[log]\nlevel = loud\n", "config.value", "must be error", NULL},
        {"[hook]\nnew_mail = 'x\n", "config.value", "quotes closed", NULL},
        {"[crypto]\nunlock_timeout = 1w\n", "config.value", "must be a time", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p2_23_networks_are_exact(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "10.0.0.0/33",  "10.0.0.1/8", "010.0.0.0/8",   "::/129",       "10/8",
        "10.0.0.0",     "10.0.0.0/",  "10.0.0.0/+8",   "10.0.0.0/08",  "0x0a.0.0.0/8",
        "10.0.0.0/8/8", "/8",         "10.0.0.0/1000", "fe80::%lo/10",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *text = g_strdup_printf("[company]\nnetworks = ::/0; %s\n", wrong[i]);
        g_autoptr(GError) error = NULL;
        assert_null(config_parse(text, strlen(text), "config", &error));
        assert_string_equal(postern_error_rule(error), "config.value");
        assert_non_null(strstr(error->message, wrong[i]));
    }
}

static void p10_110_a_password_is_never_echoed(void **state)
{
    (void)state;
    static const char *const lines[] = {"secret = hunter2\n", "secret = command:'hunter2\n",
                                        "secret = credential:hunter2/x\n",
                                        "secret = sealed hunter2\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strconcat(ADDRESS, lines[i], NULL);
        g_autoptr(GError) error = NULL;
        assert_null(config_parse(text, strlen(text), "config", &error));
        assert_string_equal(postern_error_rule(error), "config.value");
        assert_null(strstr(error->message, "hunter2"));
        assert_null(strstr(postern_error_mend(error), "hunter2"));
    }
}

static void p10_110_values_are_shown_safe_and_short(void **state)
{
    (void)state;
    g_autofree char *many = g_strnfill(500, 'x');
    g_autofree char *text = g_strdup_printf("[company]\noutside = \xE2\x80\xAE%s\n", many);
    g_autoptr(GError) error = NULL;
    assert_null(config_parse(text, strlen(text), "a\nb", &error));
    assert_null(strstr(error->message, "\xE2\x80\xAE"));
    assert_true(strlen(error->message) < 200);
    assert_null(strchr(error->message, '\n'));
}

static void every_key_has_its_place(void **state)
{
    (void)state;
    g_autoptr(Config) config = parsed(
        "[company]\nwkd = company\nmin_auth = SCRAM-SHA-256\n" ADDRESS
        "keep = 30\ngone = remove\nmax_size = 20M\ncompress = yes\n"
        "connections = 4\ndeliver = maildir:/var/mail/x\nsave_sent = no\n"
        "outbox_key = credential:x\ninterval = 5m\ndate = local\nuser_agent = yes\n"
        "[sensitive \"hr\"]\nfrom = *@hr.corp.example\nheader = Sensitivity: x\nindex = headers\n"
        "[tag \"invoices\"]\nquery = subject:invoice has:attachment\n"
        "[log]\nlevel = debug\nmetrics = /run/x.prom\n"
        "[hook]\nnew_mail = notify-send mail\nfailed_mail = notify-send unsent\n");
    assert_int_equal(config->log_level, LEVEL_DEBUG);
    assert_string_equal(config->new_mail, "notify-send mail");
    assert_string_equal(config->failed_mail, "notify-send unsent");
    assert_string_equal(config->metrics, "/run/x.prom");
    assert_string_equal(config->company.wkd, "company");
    assert_string_equal(((Account *)config->accounts->pdata[0])->outbox_key, "credential:x");
    const TagRule *tag = g_ptr_array_index(config->tags, 0);
    assert_int_equal(config->tags->len, 1);
    assert_string_equal(tag->name, "invoices");
    assert_string_equal(tag->query, "subject:invoice has:attachment");
    assert_int_equal(tag->line, 22);
    assert_int_equal(((Account *)config->accounts->pdata[0])->date, DATE_LOCAL);
    assert_true(((Account *)config->accounts->pdata[0])->user_agent);

    g_autoptr(Config) quiet =
        parsed("[company]\ntunnel = yes\nwkd = any\n" ADDRESS
               "keep = yes\ngone = keep\nconnections = 1\nsave_sent = no\nmax_size = 2G\n"
               "folders = *; \\ALL; !\\important; a\\b\n");
    assert_true(((Account *)quiet->accounts->pdata[0])->max_size == LIMIT_MESSAGE_BYTES);
    assert_int_equal(((Account *)quiet->accounts->pdata[0])->date, DATE_UTC);
    assert_false(((Account *)quiet->accounts->pdata[0])->user_agent);
}

static void a_text_too_large_is_refused(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(LIMIT_CONFIG_BYTES + 1, '\n');
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_parse(text, LIMIT_CONFIG_BYTES, "config", &error);
    assert_non_null(config);
    assert_null(config_parse(text, LIMIT_CONFIG_BYTES + 1, "config", &error));
    assert_string_equal(postern_error_rule(error), "config.syntax");
}

static void an_account_name_has_a_length(void **state)
{
    (void)state;
    for (guint extra = 0; extra <= 1; extra++) {
        g_autofree char *name = g_strnfill(LIMIT_ACCOUNT_NAME + extra, 'n');
        g_autofree char *text = g_strdup_printf("[account \"%s\"]\naddress = a@b\n", name);
        g_autoptr(Config) config = config_parse(text, strlen(text), "config", NULL);
        assert_int_equal(config == NULL, extra);
    }
}

static void an_account_is_found_by_name(void **state)
{
    (void)state;
    g_autoptr(Config) config = parsed("[account \"a\"]\naddress = a@b\n"
                                      "[account \"b\"]\naddress = a@b\n");
    assert_string_equal(config_account(config, NULL, NULL)->name, "a");
    assert_string_equal(config_account(config, "b", NULL)->name, "b");
    g_autoptr(GError) error = NULL;
    assert_null(config_account(config, "c", &error));
    assert_int_equal(postern_exit_code(error), 78);
    assert_string_equal(postern_error_rule(error), "config.account");
    assert_string_equal(postern_error_mend(error), "configured: a, b");

    g_autoptr(Config) empty = parsed("");
    g_autoptr(GError) none = NULL;
    assert_null(config_account(empty, NULL, &none));
    assert_non_null(strstr(postern_error_mend(none), "postern init"));
}

/* GKeyFile must see the same sections, keys and values in what we accept. */
static void gkeyfile_reads_the_same(void **state)
{
    (void)state;
    static const char text[] = "# x\n [company]  \n  domains =  a;b \n\noutside=allow\r\n" ADDRESS
                               "secret = command:pass \"a\\sb\" \n[crypto]\nindex = full";
    g_autoptr(Config) config = parsed(text);
    g_autoptr(GKeyFile) file = g_key_file_new();
    assert_true(g_key_file_load_from_data(file, text, strlen(text), 0, NULL));
    g_autofree char *domains = g_key_file_get_value(file, "company", "domains", NULL);
    assert_string_equal(g_strchomp(domains), "a;b");
    g_autofree char *secret = g_key_file_get_value(file, "account \"w\"", "secret", NULL);
    const Account *account = g_ptr_array_index(config->accounts, 0);
    assert_string_equal(g_strchomp(secret) + strlen("command:"), account->secret_argument);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_manual_is_read),
        cmocka_unit_test(what_is_not_written_has_its_default),
        cmocka_unit_test(secrets_and_keeping_have_their_kinds),
        cmocka_unit_test(p10_109_wrong_lines_are_named),
        cmocka_unit_test(p10_109_unknown_names_bring_the_nearest),
        cmocka_unit_test(p10_109_wrong_values_are_named),
        cmocka_unit_test(p2_23_networks_are_exact),
        cmocka_unit_test(p10_110_a_password_is_never_echoed),
        cmocka_unit_test(p10_110_values_are_shown_safe_and_short),
        cmocka_unit_test(every_key_has_its_place),
        cmocka_unit_test(a_text_too_large_is_refused),
        cmocka_unit_test(an_account_name_has_a_length),
        cmocka_unit_test(an_account_is_found_by_name),
        cmocka_unit_test(gkeyfile_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
