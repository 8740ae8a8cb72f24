/* See doctor.h: the OpenPGP keys that all mail depends on, and who asks for their passphrases. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "crypto/trial.h"
#include "fetchd/keywatch.h"

#define DAY (24 * 60 * 60)

static void judge_key(Doctor *doctor, RuleId rule, const char *fingerprint)
{
    g_autoptr(GError) failure = NULL;
    gint64 expiry;
    if (!pgp_check_encrypt(fingerprint, &expiry, &failure)) {
        doctor_failure(doctor, rule, fingerprint, failure);
        return;
    }
    gint64 days = (expiry - g_get_real_time() / G_USEC_PER_SEC) / DAY;
    g_autofree char *count = expiry ? text_count((guint64)MAX(days, 0), "day", "days") : NULL;
    g_autofree char *detail =
        count ? g_strdup_printf("it expires in %s", count) : g_strdup("it never expires");
    g_autofree char *mend =
        g_strdup_printf("extend it before that: gpg --quick-set-expire %s 1y", fingerprint);
    doctor_row(doctor, rule, expiry && days < KEYWATCH_DAYS ? FINDING_WARN : FINDING_PASS,
               fingerprint, detail, mend);
}

/* That a private half is here does not prove that it opens anything. */
static void try_secret(Doctor *doctor, const char *key)
{
    g_autoptr(GError) failure = NULL;
    if (trial_key(key, doctor->asks, &failure))
        doctor_row(doctor, RULE_KEY_SECRET, FINDING_PASS, key, "it opens what is sealed to it",
                   NULL);
    else if (g_strcmp0(postern_error_rule(failure), "key.locked") == 0)
        doctor_skip(doctor, RULE_KEY_SECRET, key, "it is here, but locked, and was not tried",
                    "try it with 'postern unlock'");
    else
        doctor_failure(doctor, RULE_KEY_SECRET, key, failure);
}

static void judge_secret(Doctor *doctor, const Account *account)
{
    if (pgp_has_secret(account->key))
        try_secret(doctor, account->key);
    else if (account->secret_kind == SECRET_SEALED)
        doctor_row(doctor, RULE_KEY_SECRET, FINDING_FAIL, account->key,
                   "the private key is not here, and the password is sealed to it", NULL);
    else
        doctor_skip(doctor, RULE_KEY_SECRET, account->key,
                    "the private key is not here: this machine fetches and reads nothing", NULL);
}

static gboolean seen_before(const GPtrArray *accounts, guint which)
{
    const Account *account = accounts->pdata[which];
    for (guint i = 0; i < which; i++) {
        const Account *other = accounts->pdata[i];
        if (g_strcmp0(other->key, account->key) == 0 && other->secret_kind == account->secret_kind)
            return TRUE;
    }
    return FALSE;
}

static void judge_owners(Doctor *doctor)
{
    const GPtrArray *accounts = doctor->context->config->accounts;
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        if (seen_before(accounts, i))
            continue;
        if (account->key) {
            judge_key(doctor, RULE_KEY_ENCRYPT, account->key);
            judge_secret(doctor, account);
            continue;
        }
        g_autofree char *subject = text_field(account->name);
        const char *mend = "add a key = FINGERPRINT line to the account";
        doctor_skip(doctor, RULE_KEY_ENCRYPT, subject, "the account names no key", mend);
        doctor_skip(doctor, RULE_KEY_SECRET, subject, "the account names no key", mend);
    }
}

static void judge_recovery(Doctor *doctor)
{
    char **keys = doctor->context->config->company.recovery_keys;
    for (guint i = 0; keys[i]; i++)
        judge_key(doctor, RULE_RECOVERY_KEYS, keys[i]);
    if (keys[0] == NULL)
        doctor_row(doctor, RULE_RECOVERY_KEYS, FINDING_WARN, "[company] recovery_keys",
                   "who loses the private key loses the mail: there is no recovery key", NULL);
}

static void judge_agent(Doctor *doctor)
{
    g_autoptr(GError) failure = NULL;
    if (!pgp_agent_answers(&failure)) {
        doctor_failure(doctor, RULE_AGENT_PINENTRY, "gpg-agent", failure);
        return;
    }
    g_autofree char *pinentry = pgp_pinentry();
    doctor_row(doctor, RULE_AGENT_PINENTRY, pinentry ? FINDING_PASS : FINDING_WARN, "gpg-agent",
               pinentry ? NULL : "it runs, but there is no pinentry to ask for a passphrase",
               "install a pinentry, such as pinentry-gnome3 or pinentry-curses");
}

void doctor_keys(Doctor *doctor)
{
    judge_owners(doctor);
    judge_recovery(doctor);
    judge_agent(doctor);
}
