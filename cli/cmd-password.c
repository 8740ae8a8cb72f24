/* postern password: seals an account's login secret to the owner's key. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/password.h"
#include "crypto/pgp.h"
#include "store/vault-logins.h"

static gboolean store(Context *context, const Account *account, const Secret *secret,
                      GError **error)
{
    if (account->key == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "config.key",
                      "add a key = FINGERPRINT line to the account",
                      "account \"%s\" names no OpenPGP key to seal to", account->name);
    char *keys[] = {account->key, NULL};
    g_autoptr(GBytes) sealed = pgp_wrap(keys, secret, error);
    /* Who sets the very password that was refused wants it to be tried. */
    return sealed &&
           vault_put_secret(context->vault, context->match_key, account->name, sealed, error) &&
           vault_forget_login_refused(context->vault, context->match_key, account->name, NULL, NULL,
                                      error);
}

static gboolean check_kind(const Account *account, GError **error)
{
    return account->secret_kind == SECRET_SEALED ||
           refuse(error, POSTERN_ERROR_POLICY, "secret.kind",
                  "write 'secret = sealed' to keep it in the vault",
                  "account \"%s\" takes its secret from elsewhere", account->name);
}

static void tell_json(const Account *account, const Secret *shown)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "account", account->name);
    if (shown)
        json_string(builder, "password", (const char *)secret_bytes(shown));
    json_builder_end_object(builder);
    output_json(builder);
}

static gboolean set(Context *context, const Account *account, GError **error)
{
    g_autofree char *question = g_strdup_printf("Password of account %s", account->name);
    g_autoptr(Secret) secret = terminal_secret(question, error);
    if (secret == NULL || !store(context, account, secret, error))
        return FALSE;
    if (context->json) {
        tell_json(account, NULL);
    } else if (!context->quiet) {
        g_autofree char *name = text_name(account->name);
        printf("the password of account %s is sealed\n", name);
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
        tell_json(account, secret);
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

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_password, NULL, 2, 2, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    const Account *account = config_account(context->config, argv[2], error);
    if (account == NULL)
        return POSTERN_ERROR_POLICY;
    if (strcmp(argv[1], "retry") == 0) {
        retry(context, account, error);
        return 0;
    }
    if (!check_kind(account, error))
        return POSTERN_ERROR_POLICY;
    if (strcmp(argv[1], "set") == 0)
        set(context, account, error);
    else if (strcmp(argv[1], "generate") == 0)
        generate(context, account, error);
    else
        command_unknown_word(&command_password, argv[1], error);
    return 0;
}

const Command command_password = {
    .name = "password",
    .usage = "set|generate|retry ACCOUNT",
    .summary = "Seals an account's password, or has a refused login tried again",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_MATCH,
    .run = run,
};
