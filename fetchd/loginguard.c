/* See loginguard.h. */
#include "fetchd/loginguard.h"

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/vault-logins.h"

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static LoginCredential credential_of(const LinkTarget *target)
{
    return (LoginCredential){
        .account = target->account->name,
        .host = endpoint_host(target->endpoint),
        .login = endpoint_login(target->endpoint),
        .mechanism = endpoint_auth(target->endpoint),
        .secret = target->secret,
    };
}

static gboolean blocked(const LinkTarget *target, gint64 since, GError **error)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(since);
    g_autofree char *when = time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");
    g_autofree char *account = text_name(target->account->name);
    g_autofree char *word = text_word(target->account->name);
    gboolean ticket = endpoint_by_ticket(target->endpoint);
    g_autofree char *mend =
        ticket ? g_strdup_printf("get a new ticket with 'kinit', or try this one again with "
                                 "'postern password retry %s'",
                                 word)
        : target->account->secret_kind == SECRET_SEALED ||
                target->account->secret_kind == SECRET_KEYRING
            ? g_strdup_printf("set the right one with 'postern password set %s', or try this one "
                              "again with 'postern password retry %s'",
                              word, word)
            : g_strdup_printf("mend the secret where it is kept, or try this one again with "
                              "'postern password retry %s'",
                              word);
    return refuse(error, POSTERN_ERROR_LOGIN, "login.blocked", mend,
                  "%s refused this login and %s of account \"%s\" at %s: they are not tried "
                  "again",
                  endpoint_host(target->endpoint), ticket ? "ticket" : "password", account, when);
}

static gboolean too_often(const LinkTarget *target, gint64 wait, gboolean refusals, GError **error)
{
    g_autofree char *minutes = text_count((guint64)(wait + 59) / 60, "minute", "minutes");
    g_autofree char *mend = g_strdup_printf("try again in %s", minutes);
    const char *host = endpoint_host(target->endpoint);
    if (refusals)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "login.rate", mend,
                      "%s has refused %d logins within an hour, and might shut us out at the next",
                      host, LIMIT_REFUSED_LOGINS);
    return refuse(error, POSTERN_ERROR_TEMPORARY, "login.rate", mend,
                  "there were %d logins at %s within an hour", LIMIT_LOGINS, host);
}

gboolean loginguard_ask(const LoginGuard *guard, const LinkTarget *target, GError **error)
{
    const LoginCredential credential = credential_of(target);
    gint64 since, wait;
    gboolean refusals;
    if (!vault_login_refused(guard->vault, guard->match_key, &credential, &since, error))
        return FALSE;
    if (since > 0)
        return blocked(target, since, error);
    if (!vault_count_login(guard->vault, guard->match_key, credential.host, now(), &wait, &refusals,
                           error))
        return FALSE;
    return wait == 0 || too_often(target, wait, refusals, error);
}

/* A vault that cannot be written cannot count the next login either, which is not tried then: so
 * the server's own answer is worth more here than a failure to note it. */
void loginguard_tell(const LoginGuard *guard, const LinkTarget *target, const GError *failure)
{
    const LoginCredential credential = credential_of(target);
    Vault *vault = guard->vault;
    const Secret *key = guard->match_key;
    gboolean noted = TRUE;
    if (failure == NULL)
        noted =
            vault_forget_login_refused(vault, key, credential.account, credential.host, NULL, NULL);
    else if (g_error_matches(failure, POSTERN_ERROR, POSTERN_ERROR_LOGIN))
        noted = vault_count_refusal(vault, key, credential.host, now(), NULL);
    if (failure && g_strcmp0(postern_error_rule(failure), "login.refused") == 0)
        noted = vault_note_login_refused(vault, key, &credential, now(), NULL) && noted;
    (void)noted;
}

/* --- the three ways to a server ------------------------------------------------------------- */

Fetcher *loginguard_fetcher(const LoginGuard *guard, const LinkTarget *target, GError **error)
{
    if (!loginguard_ask(guard, target, error))
        return NULL;
    g_autoptr(GError) failure = NULL;
    Fetcher *fetcher = link_fetcher(target, &failure);
    loginguard_tell(guard, target, failure);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return fetcher;
}

gboolean loginguard_try(const LoginGuard *guard, const LinkTarget *target, ServerReport *report,
                        GError **error)
{
    if (!loginguard_ask(guard, target, error))
        return FALSE;
    g_autoptr(GError) failure = NULL;
    gboolean works = link_try(target, report, &failure);
    loginguard_tell(guard, target, failure);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return works;
}

Link *loginguard_mailer(const LoginGuard *guard, const LinkTarget *target, GError **error)
{
    if (!loginguard_ask(guard, target, error))
        return NULL;
    g_autoptr(GError) failure = NULL;
    Link *mailer = link_mailer(target, &failure);
    loginguard_tell(guard, target, failure);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return mailer;
}
