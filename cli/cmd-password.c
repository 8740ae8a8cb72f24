/* postern password: keeps an account's login secret, sealed or in the keyring, and judges it. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/password.h"
#include "crypto/pgp.h"
#include "store/vault-logins.h"

static gboolean seal(Context *context, const Account *account, const Secret *secret, GError **error)
{
    if (account->key == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "config.key",
                      "add a key = FINGERPRINT line to the account",
                      "account \"%s\" names no OpenPGP key to seal to", account->name);
    char *keys[] = {account->key, NULL};
    g_autoptr(GBytes) sealed = pgp_wrap(keys, secret, error);
    return sealed &&
           vault_put_secret(context->vault, context->match_key, account->name, sealed, error);
}

static gboolean store(Context *context, const Account *account, const Secret *secret,
                      GError **error)
{
    gboolean kept = account->secret_kind == SECRET_KEYRING
                        ? password_put(account, secret, -1, error)
                        : seal(context, account, secret, error);
    /* Who sets the very password that was refused wants it to be tried. */
    return kept && vault_forget_login_refused(context->vault, context->match_key, account->name,
                                              NULL, NULL, error);
}

static gboolean check_kind(const Account *account, GError **error)
{
    return account->secret_kind == SECRET_SEALED || account->secret_kind == SECRET_KEYRING ||
           refuse(error, POSTERN_ERROR_POLICY, "secret.kind",
                  "write 'secret = sealed' to keep it in the vault, or 'secret = keyring'",
                  "account \"%s\" takes its secret from elsewhere", account->name);
}

static void tell_json(const Account *account, const Secret *shown, const GPtrArray *warnings)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "account", account->name);
    if (shown)
        json_string(builder, "password", (const char *)secret_bytes(shown));
    if (warnings && warnings->len > 0)
        json_strings(builder, "warnings", warnings);
    json_builder_end_object(builder);
    output_json(builder);
}

/* The server may leave no choice, so a bad password is taken, and told. */
static gboolean set(Context *context, const Account *account, GError **error)
{
    g_autofree char *question = g_strdup_printf("Password of account %s", account->name);
    g_autoptr(Secret) secret = terminal_secret(question, error);
    if (secret == NULL || !store(context, account, secret, error))
        return FALSE;
    g_autoptr(GPtrArray) faults = password_faults(context, account, secret);
    for (guint i = 0; i < faults->len && !context->quiet; i++)
        output_note("%s", (const char *)faults->pdata[i]);
    if (context->json) {
        tell_json(account, NULL, faults);
    } else if (!context->quiet) {
        g_autofree char *name = text_name(account->name);
        printf(account->secret_kind == SECRET_KEYRING
                   ? "the password of account %s is in the keyring\n"
                   : "the password of account %s is sealed\n",
               name);
    }
    return TRUE;
}

static gboolean generate(Context *context, const Account *account, GError **error)
{
    g_autoptr(Secret) secret = password_generate();
    if (!store(context, account, secret, error))
        return FALSE;
    /* The one time that it is shown: the owner must tell the server. */
    if (context->json)
        tell_json(account, secret, NULL);
    else
        printf("%s\n", (const char *)secret_bytes(secret));
    return TRUE;
}

static gboolean retry(Context *context, const Account *account, GError **error)
{
    guint forgotten;
    if (!vault_forget_login_refused(context->vault, context->match_key, account->name, NULL,
                                    &forgotten, error))
        return FALSE;
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_string(builder, "account", account->name);
        json_int(builder, "forgotten", forgotten);
        json_builder_end_object(builder);
        output_json(builder);
    } else if (!context->quiet) {
        g_autofree char *name = text_name(account->name);
        printf(forgotten ? "the login of account %s will be tried again\n"
                         : "no refused login of account %s is noted\n",
               name);
    }
    return TRUE;
}

static const struct {
    const char *word;
    gboolean (*run)(Context *context, const Account *account, GError **error);
    gboolean stores;
} verbs[] = {
    {"set", set, TRUE},
    {"generate", generate, TRUE},
    {"retry", retry, FALSE},
};

/* Each verb but `check` takes one account. */
static gboolean one_account(int argc, char **argv, GError **error)
{
    if (argc < 3)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "name the account",
                      "'postern password %s' takes an account", argv[1]);
    if (argc > 3) {
        g_autofree char *shown = word_shown(argv[3]);
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "name one account",
                      "'postern password %s' takes no argument '%s'", argv[1], shown);
    }
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    static const Needs needs = NEED_CONFIG | NEED_VAULT | NEED_MATCH;
    if (!command_options(context, &command_password, NULL, 1, -1, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    if (strcmp(argv[1], "check") == 0)
        return context_meet(context, needs, error)
                   ? password_check(context, argv + 2, argc - 2, error)
                   : 0;
    gsize verb = 0;
    while (verb < G_N_ELEMENTS(verbs) && strcmp(argv[1], verbs[verb].word) != 0)
        verb++;
    if (verb == G_N_ELEMENTS(verbs)) {
        command_unknown_word(&command_password, argv[1], error);
        return 0;
    }
    if (!one_account(argc, argv, error) || !context_meet(context, needs, error))
        return 0;
    const Account *account = config_account(context->config, argv[2], error);
    if (account && (!verbs[verb].stores || check_kind(account, error)))
        verbs[verb].run(context, account, error);
    return 0;
}

const Command command_password = {
    .name = "password",
    .usage = "set|generate|retry ACCOUNT | check [ACCOUNT …]",
    .summary = "Keeps and judges passwords, or has a refused login tried again",
    .needs = NEED_NOTHING,
    .run = run,
};
