#include "fetchd/sensitive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

#define ACCOUNT "[account \"work\"]\naddress = a@corp.example\n"
#define RULE "[sensitive \"r\"]\n"
#define MAIL                                                                                       \
    "From: Boss <boss@HR.corp.example>\r\nSubject: =?utf-8?q?Your_Salary?=\r\n"                    \
    "Sensitivity:\r\n company-confidential\r\nList-Id: All of us <all.corp.example>\r\n\r\n"       \
    "It rises.\r\n"

static Config *parsed(const char *rules)
{
    g_autofree char *text = g_strconcat(ACCOUNT, rules, NULL);
    g_autoptr(GError) error = NULL;
    Config *config = config_parse(text, strlen(text), "c", &error);
    if (config == NULL)
        fail_msg("%s", error->message);
    return config;
}

/* The verdict on MAIL, SIZE bytes of which were seen, in a folder of account work. RULES are left
 * in *config, which the verdict's names are of. */
static Verdict judged(const char *rules, const char *mail, gsize seen, guint64 size,
                      const char *folder, Config **config)
{
    Verdict verdict;
    const JudgedPlace place = {"work", folder, size};
    g_autoptr(GBytes) head = g_bytes_new(mail, seen);
    *config = parsed(rules);
    sensitive_judge((*config)->sensitive, &place, head, &verdict);
    return verdict;
}

static gboolean fits(const char *rules, const char *mail, const char *folder)
{
    Config *config;
    g_auto(Verdict) verdict = judged(rules, mail, strlen(mail), strlen(mail), folder, &config);
    config_free(config);
    return verdict.sensitive;
}

static void each_key_fits_what_it_names(void **state)
{
    (void)state;
    static const struct {
        const char *key, *mail;
        gboolean fits;
    } cases[] = {
        {"from = *@hr.corp.example", MAIL, TRUE},
        {"from = x@corp.example; boss@*", MAIL, TRUE},
        {"from = boss", MAIL, FALSE},
        {"from = *@corp.example", MAIL, FALSE},
        {"from = *@hr.corp.example", "Sender: a@hr.corp.example\n\nx", TRUE},
        {"from = *@hr.corp.example", "To: a@hr.corp.example\n\nFrom: a@hr.corp.example", FALSE},
        {"from = a@x", "From: b@y, a@x\n\n", TRUE},
        {"from = a@x", "From: \"a@x\" <b@y>\n\n", FALSE},
        {"header = Sensitivity: company-confidential", MAIL, TRUE},
        {"header = sensitivity: Company-*", MAIL, TRUE},
        {"header = Sensitivity: company", MAIL, FALSE},
        {"header = X-A: b; Sensitivity: *", MAIL, TRUE},
        {"header = Sensitivit: *", MAIL, FALSE},
        {"header = Sensitivity: private", "Sensitivity: x\nSensitivity: Private\n\n", TRUE},
        {"header = X-A: b c", "X-A:  b \t\n  c \n\n", TRUE},
        {"header = X-A: b", "\nX-A: b\n\n", FALSE},
        {"list = all.corp.example", MAIL, TRUE},
        {"list = *.corp.example", MAIL, TRUE},
        {"list = corp.example", MAIL, FALSE},
        {"subject = salary", MAIL, TRUE},
        {"subject = ^your salary$", MAIL, TRUE},
        {"subject = ^salary", MAIL, FALSE},
        {"subject = rises", MAIL, FALSE},
        {"body = rises\\.$", MAIL, TRUE},
        {"body = salary", MAIL, FALSE},
        {"body = secret", "Content-Type: text/html\n\n<b>Sec</b>ret", TRUE},
        {"body = secret", "Content-Transfer-Encoding: base64\n\nU2VjcmV0\n", TRUE},
        {"larger = 1K", MAIL, FALSE},
        {"account = work", MAIL, TRUE},
        {"folder = INBOX", MAIL, TRUE},
        {"folder = HR/*; Inbox", MAIL, TRUE},
        {"folder = HR/*", MAIL, FALSE},
        {"encrypted = yes", MAIL, FALSE},
        {"encrypted = yes", "Content-Type: multipart/encrypted; boundary=x\n\n--x\n\n--x--\n",
         TRUE},
        {"encrypted = yes", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx",
         TRUE},
        {"encrypted = yes", "Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx",
         FALSE},
        {"encrypted = yes", "Subject: x\n\nHi\n-----BEGIN PGP MESSAGE-----\n", TRUE},
        {"encrypted = yes",
         "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
         "multipart/encrypted; boundary=y\n\n--y\n\n--y--\n--x\n\nof the list\n--x--\n",
         TRUE},
        {"encrypted = yes",
         "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n--x\nContent-Type: "
         "application/pgp-encrypted\n\nVersion: 1\n--x\n\ncipher\n--x--\n",
         TRUE},
        {"encrypted = yes",
         "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhi\n--x\nContent-Type: "
         "application/pkcs7-mime; smime-type=signed-data\n\nx\n--x--\n",
         FALSE},
        {"encrypted = yes", "Subject: x\n\nHi -----BEGIN PGP MESSAGE-----\n", FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rules = g_strconcat(RULE, cases[i].key, "\n", NULL);
        if (fits(rules, cases[i].mail, "inbox") != cases[i].fits)
            fail_msg("%s, %s", cases[i].key, cases[i].mail);
    }
}

static void all_keys_of_a_rule_must_fit_and_of_a_list_one_item(void **state)
{
    (void)state;
    assert_true(fits(RULE "from = x@y; *@hr.corp.example\nsubject = salary\n", MAIL, "INBOX"));
    assert_false(fits(RULE "from = *@hr.corp.example\nsubject = wages\n", MAIL, "INBOX"));
    assert_false(fits(RULE "from = x@y\nsubject = salary\n", MAIL, "INBOX"));
    assert_false(fits("", MAIL, "INBOX"));
}

static void the_strictest_share_of_all_that_fit_counts(void **state)
{
    (void)state;
    Config *config;
    g_auto(Verdict) verdict = judged("[sensitive \"a\"]\nsubject = salary\nindex = full\n"
                                     "[sensitive \"b\"]\nfrom = *@hr.*\nindex = headers\n"
                                     "[sensitive \"c\"]\nbody = rises\nindex = headers\n"
                                     "[sensitive \"d\"]\nbody = falls\nindex = none\n",
                                     MAIL, strlen(MAIL), strlen(MAIL), "INBOX", &config);
    assert_true(verdict.sensitive);
    assert_int_equal(verdict.index, INDEX_HEADERS);
    assert_string_equal(verdict.rule, "b");
    assert_string_equal(verdict.keys, "from");
    assert_non_null(strstr(verdict.why, "boss@HR.corp.example"));
    config_free(config);
    g_auto(Verdict) silent =
        judged(RULE "subject = salary\n", MAIL, strlen(MAIL), strlen(MAIL), NULL, &config);
    assert_int_equal(silent.index, INDEX_NONE);
    config_free(config);
}

static void what_is_told_steers_no_terminal(void **state)
{
    (void)state;
    Config *config;
    const char *mail = "X-A: \033[2Jb\n\n";
    g_auto(Verdict) verdict =
        judged(RULE "header = X-A: *b\n", mail, strlen(mail), strlen(mail), "INBOX", &config);
    assert_true(verdict.sensitive);
    assert_null(strchr(verdict.why, 033));
    config_free(config);
}

/* --- what cannot be decided ---------------------------------------------------------------- */

static void assert_undecided(const char *key, const char *mail, gsize seen, guint64 size)
{
    Config *config;
    g_autofree char *rules = g_strconcat(RULE, key, "\n", NULL);
    g_auto(Verdict) verdict = judged(rules, mail, seen, size, "INBOX", &config);
    if (!verdict.sensitive || strstr(verdict.why, "so it counts") == NULL)
        fail_msg("%s: %s", key, verdict.why);
    config_free(config);
}

static void p8_95_a_pattern_that_would_run_for_ever_makes_it_sensitive(void **state)
{
    (void)state;
    g_autofree char *letters = g_strnfill(100 * 1000, 'a');
    g_autofree char *body = g_strconcat("Subject: x\n\n", letters, NULL);
    g_autofree char *subject = g_strconcat("Subject: ", letters, "\n\n", NULL);
    assert_undecided("body = (a+)+[!?]", body, strlen(body), strlen(body));
    assert_undecided("subject = (a+)+[!?]", subject, strlen(subject), strlen(subject));
    /* Another key that does not fit decides it all the same. */
    assert_false(fits(RULE "body = (a+)+[!?]\nfrom = x@y\n", body, "INBOX"));
}

static void p8_95_a_text_longer_than_what_is_looked_at_is_sensitive(void **state)
{
    (void)state;
    const char *mail = "Subject: x\n\nhello";
    assert_undecided("body = secret", mail, strlen(mail), LIMIT_JUDGED_BYTES + 1);
    /* Its header was seen. */
    assert_false(fits(RULE "header = X-A: b\n", mail, "INBOX"));
    Config *config;
    g_auto(Verdict) verdict =
        judged(RULE "header = X-A: b\n", mail, strlen(mail), 1 << 30, "INBOX", &config);
    assert_false(verdict.sensitive);
    config_free(config);
    assert_undecided("header = X-A: b", "Subject: x\nX-B: ", 16, LIMIT_JUDGED_HEAD + 1);
}

static void p8_95_more_fields_than_are_read_hide_nothing(void **state)
{
    (void)state;
    g_autoptr(GString) mail = g_string_new(NULL);
    for (guint i = 0; i <= LIMIT_HEADERS; i++)
        g_string_append(mail, "X-Fill: x\n");
    g_string_append(mail, "Sensitivity: private\n\n");
    static const char *const keys[] = {"header = Sensitivity: private", "from = *@x", "list = x",
                                       "subject = x", "encrypted = yes"};
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        assert_undecided(keys[i], mail->str, mail->len, mail->len);
}

/* --- a message that passes by -------------------------------------------------------------- */

/* What the watch keeps of MAIL, given in pieces of STEP bytes. */
static gsize watched(SensitiveWatch *watch, const char *mail, gsize size, gsize step,
                     Verdict *verdict)
{
    sensitive_watch_begin(watch);
    for (gsize at = 0; at < size; at += step)
        sensitive_watch_write(watch, (const guint8 *)mail + at, MIN(step, size - at));
    sensitive_watch_end(watch, "work", "INBOX", verdict);
    assert_int_equal(sensitive_watch_size(watch), size);
    g_autoptr(GBytes) head = sensitive_watch_head(watch);
    return g_bytes_get_size(head);
}

static void in_whatever_pieces_it_comes_the_verdict_is_the_same(void **state)
{
    (void)state;
    static const char *const rules[] = {RULE "header = Sensitivity: *\n", RULE "body = rises\n"};
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autoptr(Config) config = parsed(rules[i]);
        g_autoptr(SensitiveWatch) watch = sensitive_watch_new(config->sensitive);
        for (gsize step = 1; step <= strlen(MAIL); step++) {
            g_auto(Verdict) verdict = {0};
            watched(watch, MAIL, strlen(MAIL), step, &verdict);
            assert_true(verdict.sensitive);
            g_auto(Verdict) other = {0};
            watched(watch, "A: b\n\nx", 7, step, &other);
            assert_false(other.sensitive);
        }
    }
}

static void only_what_the_rules_want_to_see_is_kept(void **state)
{
    (void)state;
    g_autoptr(GString) mail = g_string_new("Subject: x\r\n\r\n");
    g_autofree char *fill = g_strnfill(2 * LIMIT_JUDGED_BYTES, 'x');
    g_string_append(mail, fill);
    g_autoptr(Config) head = parsed(RULE "subject = y\nindex = headers\n");
    g_autoptr(Config) text = parsed(RULE "body = y\n");
    g_autoptr(Config) full = parsed(RULE "subject = y\nindex = full\n");
    const struct {
        const Config *config;
        gsize least, most;
        gboolean sensitive;
    } cases[] = {
        {head, 14 + 4096, 64 * 1024, FALSE},
        {text, LIMIT_JUDGED_BYTES, LIMIT_JUDGED_BYTES, TRUE},
        {full, LIMIT_JUDGED_BYTES, LIMIT_JUDGED_BYTES, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Verdict) verdict = {0};
        g_autoptr(SensitiveWatch) watch = sensitive_watch_new(cases[i].config->sensitive);
        gsize kept = watched(watch, mail->str, mail->len, 10000, &verdict);
        assert_in_range(kept, cases[i].least, cases[i].most);
        assert_int_equal(verdict.sensitive, cases[i].sensitive);
    }
    /* A header without end is cut, and is sensitive. */
    g_auto(Verdict) verdict = {0};
    g_autoptr(SensitiveWatch) watch = sensitive_watch_new(head->sensitive);
    gsize kept = watched(watch, fill, 2 * LIMIT_JUDGED_BYTES, 10000, &verdict);
    assert_int_equal(kept, LIMIT_JUDGED_HEAD);
    assert_true(verdict.sensitive);
}

static void without_rules_nothing_is_kept_and_nothing_is_sensitive(void **state)
{
    (void)state;
    Verdict verdict;
    g_autoptr(Config) config = parsed("");
    assert_null(sensitive_watch_new(config->sensitive));
    sensitive_watch_begin(NULL);
    sensitive_watch_write(NULL, (const guint8 *)"x", 1);
    sensitive_watch_end(NULL, "work", "INBOX", &verdict);
    assert_false(verdict.sensitive);
    sensitive_watch_free(NULL);
}

static void p10_an_account_with_rules_names_the_key_to_seal_to(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(Config) none = parsed("");
    g_autoptr(Config) rules =
        parsed("key = 0123456789012345678901234567890123456789\n" RULE "subject = x\n");
    g_autoptr(Config) keyless = parsed(RULE "subject = x\n");
    assert_true(sensitive_has_key(none, none->accounts->pdata[0], NULL));
    assert_true(sensitive_has_key(rules, rules->accounts->pdata[0], NULL));
    assert_false(sensitive_has_key(keyless, keyless->accounts->pdata[0], &error));
    assert_int_equal(error->code, POSTERN_ERROR_POLICY);
    assert_string_equal(postern_error_rule(error), "sensitive.key");
    g_error_free(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_fits_what_it_names),
        cmocka_unit_test(all_keys_of_a_rule_must_fit_and_of_a_list_one_item),
        cmocka_unit_test(the_strictest_share_of_all_that_fit_counts),
        cmocka_unit_test(what_is_told_steers_no_terminal),
        cmocka_unit_test(p8_95_a_pattern_that_would_run_for_ever_makes_it_sensitive),
        cmocka_unit_test(p8_95_a_text_longer_than_what_is_looked_at_is_sensitive),
        cmocka_unit_test(p8_95_more_fields_than_are_read_hide_nothing),
        cmocka_unit_test(in_whatever_pieces_it_comes_the_verdict_is_the_same),
        cmocka_unit_test(only_what_the_rules_want_to_see_is_kept),
        cmocka_unit_test(p10_an_account_with_rules_names_the_key_to_seal_to),
        cmocka_unit_test(without_rules_nothing_is_kept_and_nothing_is_sensitive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
