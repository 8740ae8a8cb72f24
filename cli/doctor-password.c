/* See doctor.h: passwords, compared in memory alone; nothing that could be compared is stored. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/strength.h"
#include "fetchd/login.h"
#include "policy/login.h"

/* Nobody is asked: what is locked is not judged. */
static void skip(Doctor *doctor, RuleId rule, const char *subject, const GError *failure)
{
    doctor_skip(doctor, rule, subject, failure->message, postern_error_mend(failure));
}

static void get(Doctor *doctor, const Account *account, const char *subject)
{
    Context *context = doctor->context;
    g_autoptr(GError) failure = NULL;
    Secret *secret = NULL;
    if (context->match_key || account->secret_kind != SECRET_SEALED)
        secret = login_secret_quietly(account, context->vault, context->match_key, &failure);
    else
        refuse(&failure, POSTERN_ERROR_STORE, "vault.read", "mend the store first",
               "the store cannot be opened");
    g_ptr_array_add(doctor->secrets, secret);
    if (secret)
        return;
    skip(doctor, RULE_PASSWORD_STRONG, subject, failure);
    skip(doctor, RULE_PASSWORD_DIFFERENT, subject, failure);
}

static const char *login_of(const Doctor *doctor, const Account *account)
{
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (server->account == account && server->endpoint)
            return endpoint_login(server->endpoint);
    }
    return NULL;
}

/* Where the account's password comes from says how it gets a better one. */
static char *better(const Account *account)
{
    g_autofree char *word = text_word(account->name);
    g_autofree char *name = text_name(account->name);
    if (account->secret_kind != SECRET_SEALED)
        return g_strdup_printf("take one that a machine made, and put it where account \"%s\" "
                               "takes it from",
                               name);
    return g_strdup_printf("run: postern password generate %s (and tell the server)", word);
}

static void judge_strength(Doctor *doctor, guint which, const char *subject)
{
    const Account *account = doctor->context->config->accounts->pdata[which];
    g_autofree char *why = NULL;
    gboolean strong =
        strength_judge(doctor->secrets->pdata[which], login_of(doctor, account), &why);
    g_autofree char *detail = strong ? NULL : g_strconcat("the password ", why, NULL);
    g_autofree char *mend = better(account);
    doctor_row(doctor, RULE_PASSWORD_STRONG, strong ? FINDING_PASS : FINDING_FAIL, subject, detail,
               mend);
}

static void judge_difference(Doctor *doctor, guint which, const char *subject)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    guint twin =
        password_shared((const Secret *const *)doctor->secrets->pdata, accounts->len, which);
    g_autofree char *other =
        twin < accounts->len ? text_field(((Account *)accounts->pdata[twin])->name) : NULL;
    g_autofree char *detail =
        other ? g_strdup_printf("it has the password of account \"%s\"", other) : NULL;
    g_autofree char *mend = better(accounts->pdata[which]);
    doctor_row(doctor, RULE_PASSWORD_DIFFERENT, other ? FINDING_FAIL : FINDING_PASS, subject,
               detail, mend);
}

void doctor_passwords(Doctor *doctor)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    for (guint i = 0; i < accounts->len; i++) {
        g_autofree char *subject = text_field(((Account *)accounts->pdata[i])->name);
        get(doctor, accounts->pdata[i], subject);
    }
    for (guint i = 0; i < accounts->len; i++) {
        g_autofree char *subject = text_field(((Account *)accounts->pdata[i])->name);
        if (doctor->secrets->pdata[i] == NULL)
            continue;
        judge_strength(doctor, i, subject);
        judge_difference(doctor, i, subject);
    }
}
