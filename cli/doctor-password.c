/* See doctor.h: passwords, compared in memory alone; nothing that could be compared is stored. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/strength.h"
#include "fetchd/login.h"
#include "policy/login.h"

/* What is locked is not judged, and what cannot be had by anybody is a fault. */
static void tell_none(Doctor *doctor, const char *subject, const GError *failure)
{
    const char *mend = postern_error_mend(failure);
    if (doctor->asks || failure->code == POSTERN_ERROR_POLICY)
        doctor_failure(doctor, RULE_PASSWORD_THERE, subject, failure);
    else
        doctor_skip(doctor, RULE_PASSWORD_THERE, subject, failure->message, mend);
    doctor_skip(doctor, RULE_PASSWORD_STRONG, subject, failure->message, mend);
    doctor_skip(doctor, RULE_PASSWORD_DIFFERENT, subject, failure->message, mend);
}

static Secret *get(const Doctor *doctor, const Account *account, GError **error)
{
    const Context *context = doctor->context;
    gboolean looked_at = doctor_looks_at(doctor, account);
    if (doctor->typed && looked_at)
        return secret_copy(doctor->typed);
    if (context->match_key == NULL && account->secret_kind == SECRET_SEALED) {
        refuse(error, POSTERN_ERROR_STORE, "vault.read", "mend the store first",
               "the store cannot be opened");
        return NULL;
    }
    return doctor->asks && looked_at
               ? login_secret(account, NULL, context->vault, context->match_key, -1, error)
               : login_secret_quietly(account, context->vault, context->match_key, error);
}

/* The names of the mechanisms whose secret is a token: made by a machine, and for accounts that
 * belong together often the same. */
static gboolean is_token(const Doctor *doctor, const Account *account)
{
    gboolean token = FALSE;
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        const char *auth = server->endpoint ? endpoint_auth(server->endpoint) : NULL;
        token = token || (server->account == account && auth &&
                          (g_ascii_strcasecmp(auth, "OAUTHBEARER") == 0 ||
                           g_ascii_strcasecmp(auth, "XOAUTH2") == 0));
    }
    return token;
}

/* Logs in everywhere by Kerberos: there is no password. */
static gboolean by_ticket(const Doctor *doctor, const Account *account)
{
    guint tickets = 0, others = 0;
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (server->account == account && server->endpoint && endpoint_by_ticket(server->endpoint))
            tickets++;
        else if (server->account == account)
            others++;
    }
    return tickets > 0 && others == 0;
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
    if (account->secret_kind != SECRET_SEALED && account->secret_kind != SECRET_KEYRING)
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

/* Who has the same password, or whose could not be compared; NULL when there is nothing to say. */
static char *others(const Doctor *doctor, guint which, gboolean *shared)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    guint twin =
        password_shared((const Secret *const *)doctor->secrets->pdata, accounts->len, which);
    *shared = twin < accounts->len;
    g_autofree char *other =
        *shared ? text_field(((const Account *)accounts->pdata[twin])->name) : NULL;
    if (*shared)
        return g_strdup_printf("account \"%s\" has the same password", other);
    for (guint i = 0; i < accounts->len; i++)
        if (doctor->secrets->pdata[i] == NULL && !by_ticket(doctor, accounts->pdata[i]))
            return g_strdup("no other account has it whose password could be had");
    return NULL;
}

static void judge_difference(Doctor *doctor, guint which, const char *subject)
{
    gboolean shared;
    g_autofree char *detail = others(doctor, which, &shared);
    g_autofree char *mend = better(doctor->context->config->accounts->pdata[which]);
    doctor_row(doctor, RULE_PASSWORD_DIFFERENT, shared ? FINDING_FAIL : FINDING_PASS, subject,
               detail, mend);
}

static void judge(Doctor *doctor, guint which, const char *subject)
{
    static const RuleId judged[] = {RULE_PASSWORD_STRONG, RULE_PASSWORD_DIFFERENT};
    doctor_row(doctor, RULE_PASSWORD_THERE, FINDING_PASS, subject, NULL, NULL);
    if (!is_token(doctor, doctor->context->config->accounts->pdata[which])) {
        judge_strength(doctor, which, subject);
        judge_difference(doctor, which, subject);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(judged); i++)
        doctor_skip(doctor, judged[i], subject, "it is a token, which a server made", NULL);
}

static const RuleId about_passwords[] = {RULE_PASSWORD_THERE, RULE_PASSWORD_STRONG,
                                         RULE_PASSWORD_DIFFERENT};

static void tell_ticket(Doctor *doctor, const char *subject)
{
    for (guint i = 0; i < G_N_ELEMENTS(about_passwords); i++)
        doctor_skip(doctor, about_passwords[i], subject,
                    "the login is by a Kerberos ticket, without a password", "see login.works");
}

/* All of them, also for what `only` leaves out: those are compared with. */
void doctor_passwords(Doctor *doctor)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    for (guint i = 0; i < accounts->len; i++) {
        g_autoptr(GError) failure = NULL;
        gboolean ticket = doctor->typed == NULL && by_ticket(doctor, accounts->pdata[i]);
        Secret *secret = ticket ? NULL : get(doctor, accounts->pdata[i], &failure);
        g_ptr_array_add(doctor->secrets, secret);
        g_autofree char *subject = text_field(((const Account *)accounts->pdata[i])->name);
        if (ticket && doctor_looks_at(doctor, accounts->pdata[i]))
            tell_ticket(doctor, subject);
        else if (secret == NULL && doctor_looks_at(doctor, accounts->pdata[i]))
            tell_none(doctor, subject, failure);
    }
    for (guint i = 0; i < accounts->len; i++) {
        g_autofree char *subject = text_field(((const Account *)accounts->pdata[i])->name);
        if (doctor->secrets->pdata[i] && doctor_looks_at(doctor, accounts->pdata[i]))
            judge(doctor, i, subject);
    }
}
