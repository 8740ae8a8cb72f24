/* See doctor.h: logins, and whether they work. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"
#include "fetchd/loginguard.h"
#include "fetchd/ticket.h"
#include "mime/compose.h"
#include "policy/login.h"

/* The login of OTHER's servers that is the same as LOGIN; a server has one a account. */
static gboolean account_has_login(const Doctor *doctor, const Account *account, const char *login)
{
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (server->account == account && server->endpoint &&
            login_same(endpoint_login(server->endpoint), login))
            return TRUE;
    }
    return FALSE;
}

static const Account *twin_of(const Doctor *doctor, const DoctorServer *server)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    for (guint i = 0; i < accounts->len; i++)
        if (accounts->pdata[i] != server->account &&
            account_has_login(doctor, accounts->pdata[i], endpoint_login(server->endpoint)))
            return accounts->pdata[i];
    return NULL;
}

/* An address that nobody can send from is told by `send`; here nothing equals it. */
static gboolean is_address(const DoctorServer *server)
{
    const char *login = endpoint_login(server->endpoint);
    g_autoptr(Mailbox) own = address_parse(server->account->address, NULL);
    gboolean same = own && login_is_address(login, own->address);
    for (char **alias = server->account->aliases; alias && *alias; alias++) {
        g_autoptr(Mailbox) other = address_parse(*alias, NULL);
        same = same || (other && login_is_address(login, other->address));
    }
    return same;
}

static void judge_name(Doctor *doctor, const DoctorServer *server)
{
    const Account *twin = twin_of(doctor, server);
    g_autofree char *other = twin ? text_field(twin->name) : NULL;
    g_autofree char *detail = NULL;
    if (is_address(server))
        detail = g_strdup("the login is the address, or what stands before its @");
    else if (twin)
        detail = g_strdup_printf("account \"%s\" has the same login", other);
    gboolean fails = doctor->context->config->company.login_names == LOGIN_NAMES_FAIL;
    FindingStatus found = fails ? FINDING_FAIL : FINDING_WARN;
    doctor_row(doctor, RULE_LOGIN_NAMES, detail ? found : FINDING_PASS, server->subject, detail,
               NULL);
}

void doctor_login_names(Doctor *doctor)
{
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (!doctor_looks_at(doctor, server->account))
            continue;
        if (server->endpoint)
            judge_name(doctor, server);
        else
            doctor_skip(doctor, RULE_LOGIN_NAMES, server->subject, "the server is refused already",
                        "mend that first");
    }
}

/* The password, or which ticket there is; NULL without *error when there is none to be had. */
static Secret *secret_of(const Doctor *doctor, const DoctorServer *server, GError **error)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    if (server->endpoint && endpoint_by_ticket(server->endpoint))
        return ticket_name(server->endpoint, -1, error);
    for (guint i = 0; i < accounts->len; i++)
        if (accounts->pdata[i] == server->account && doctor->secrets->pdata[i])
            return secret_copy(doctor->secrets->pdata[i]);
    return NULL;
}

/* After TLS has said yes or no, the login has. */
static void tell(Doctor *doctor, const DoctorServer *server, const GError *failure)
{
    const char *rule = failure ? postern_error_rule(failure) : NULL;
    gboolean unproven = rule_of_failure(rule, RULES) == RULE_TLS_CHAIN;
    gboolean spoke = failure == NULL || failure->code == POSTERN_ERROR_LOGIN;
    if (unproven)
        doctor_failure(doctor, RULE_TLS_CHAIN, server->subject, failure);
    else if (spoke)
        doctor_row(doctor, RULE_TLS_CHAIN, FINDING_PASS, server->subject, NULL, NULL);
    else
        doctor_skip(doctor, RULE_TLS_CHAIN, server->subject, "the server did not get so far",
                    "see login.works");
    if (unproven)
        doctor_skip(doctor, RULE_LOGIN_WORKS, server->subject, "the server did not prove who it is",
                    "see tls.chain");
    else if (failure)
        doctor_failure(doctor, RULE_LOGIN_WORKS, server->subject, failure);
    else
        doctor_row(doctor, RULE_LOGIN_WORKS, FINDING_PASS, server->subject, NULL, NULL);
}

static void skip(Doctor *doctor, const DoctorServer *server, const char *reason, const char *mend)
{
    doctor_skip(doctor, RULE_TLS_CHAIN, server->subject, reason, mend);
    doctor_skip(doctor, RULE_LOGIN_WORKS, server->subject, reason, mend);
    doctor_no_report(doctor, server, reason, mend);
}

/* The login guard said no: there was no connection. */
static gboolean stayed_away(Doctor *doctor, const DoctorServer *server, const GError *failure)
{
    const char *rule = failure ? postern_error_rule(failure) : NULL;
    if (g_strcmp0(rule, "login.rate") == 0) {
        skip(doctor, server, failure->message, postern_error_mend(failure));
        return TRUE;
    }
    if (g_strcmp0(rule, "login.blocked") != 0)
        return FALSE;
    doctor_skip(doctor, RULE_TLS_CHAIN, server->subject, "the server was left alone",
                "see login.works");
    doctor_failure(doctor, RULE_LOGIN_WORKS, server->subject, failure);
    doctor_no_report(doctor, server, "the server was left alone", "see login.works");
    return TRUE;
}

/* FALSE when the server took the password for wrong. */
static gboolean try(Doctor *doctor, const DoctorServer *server, const Secret *secret)
{
    g_autoptr(GError) failure = NULL;
    const LinkTarget target = {
        .company = &doctor->context->config->company,
        .account = server->account,
        .endpoint = server->endpoint,
        .secret = secret,
        .trace = doctor->context->trace,
        .stop_fd = -1,
    };
    const LoginGuard guard = {doctor->context->vault, doctor->context->match_key};
    ServerReport report;
    gboolean works = loginguard_try(&guard, &target, &report, &failure);
    if (stayed_away(doctor, server, failure))
        return failure->code != POSTERN_ERROR_LOGIN;
    tell(doctor, server, failure);
    if (works)
        doctor_report(doctor, server, &report);
    else
        doctor_no_report(doctor, server, "the server did not let us in", "see login.works");
    return works || failure->code != POSTERN_ERROR_LOGIN;
}

/* A wrong password is said once: servers lock out who repeats it. */
void doctor_logins(Doctor *doctor)
{
    const Account *refused = NULL;
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        g_autoptr(GError) failure = NULL;
        g_autoptr(Secret) secret = secret_of(doctor, server, &failure);
        if (server->endpoint == NULL)
            skip(doctor, server, "the server is refused already", "mend that first");
        else if (failure)
            skip(doctor, server, failure->message, postern_error_mend(failure));
        else if (secret == NULL)
            skip(doctor, server, "there is no password to try", "see password.there");
        else if (doctor->context->match_key == NULL)
            skip(doctor, server, "the store, which counts logins, cannot be opened",
                 "mend the store first");
        else if (server->account == refused)
            skip(doctor, server, "the login was refused by the account's other server",
                 "mend that first");
        else if (!try(doctor, server, secret))
            refused = server->account;
    }
}
