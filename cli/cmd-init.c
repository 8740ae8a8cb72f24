/*
 * postern init: a configuration, a vault and an owner's key; asks for what no flag gave. The
 * same flags with another account name add that account to what is there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/setup.h"
#include "cli/wizard.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "crypto/trial.h"
#include "mime/compose.h"

static void answers_clear(Answers *answers)
{
    g_free(answers->account);
    g_free(answers->address);
    g_free(answers->login);
    g_free(answers->fetch);
    g_free(answers->submit);
    g_free(answers->domain);
    g_free(answers->ca_file);
    g_free(answers->key);
}

/* Without a terminal nothing is asked; whoever scripts that is told what it means. */
static char *generate(const Answers *answers, GError **error)
{
    gboolean terminal = isatty(STDIN_FILENO);
    char *key = pgp_generate(answers->address, terminal, PGP_KEY_SECONDS, error);
    if (key)
        output_note(
            "the new key expires in %d years, of which 'postern status' warns in time; extend "
            "it then: gpg --quick-set-expire %s 2y",
            PGP_KEY_YEARS, key);
    if (key && !terminal)
        output_note("the new key has no passphrase; give it one: gpg --change-passphrase %s", key);
    return key;
}

/* The owner's key: named, made, or the only one of the address whose private half is here. */
static char *owner_key(const Answers *answers, GError **error)
{
    if (answers->generate)
        return generate(answers, error);
    if (answers->key)
        return pgp_find(answers->key, FALSE, error);
    g_autoptr(Mailbox) mailbox = address_parse(answers->address, error);
    g_autoptr(GError) failure = NULL;
    char *found = mailbox ? pgp_find(mailbox->address, TRUE, &failure) : NULL;
    if (failure && g_error_matches(failure, POSTERN_ERROR, POSTERN_ERROR_POLICY))
        refuse(error, POSTERN_ERROR_POLICY, postern_error_rule(failure),
               "name one with --key FINGERPRINT or make one with --generate-key", "%s",
               failure->message);
    else if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return found;
}

/* What nobody can open must not be sealed. Where nobody can be asked, and on a host that holds no
 * private key, that is told. */
static gboolean opens(const Context *context, const char *key, GError **error)
{
    if (!pgp_check_encrypt(key, NULL, error))
        return FALSE;
    if (!pgp_has_secret(key)) {
        if (!context->quiet)
            output_note("the private half of %s is not here: what is sealed to it opens elsewhere",
                        key);
        return TRUE;
    }
    g_autoptr(GError) failure = NULL;
    if (trial_key(key, isatty(STDIN_FILENO), &failure))
        return TRUE;
    if (g_strcmp0(postern_error_rule(failure), "key.locked") != 0 || isatty(STDIN_FILENO)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!context->quiet)
        output_note(
            "the key %s is locked, so it was not tried: see with 'postern unlock' that it opens "
            "the vault",
            key);
    return TRUE;
}

static void tell_json(const Context *context, const SetupAccount *account, const char *key)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "account", account->name);
    json_string(builder, "fetch", account->fetch);
    json_string(builder, "submit", account->submit);
    json_string(builder, "configuration", context->config_path);
    json_string(builder, "vault", context->store);
    json_string(builder, "key", key);
    json_builder_end_object(builder);
    output_json(builder);
}

static void tell(const Context *context, const SetupAccount *account, const char *key)
{
    if (context->json)
        tell_json(context, account, key);
    if (context->json || context->quiet)
        return;
    g_autofree char *name = text_name(account->name);
    g_autofree char *word = text_word(account->name);
    g_autofree char *configuration = text_name(context->config_path);
    g_autofree char *vault = text_name(context->store);
    printf("account:       %s\nconfiguration: %s\nvault:         %s\nsealed to key: %s\n\n"
           "next: postern password set %s\n",
           name, configuration, vault, key, word);
}

static gboolean set_up(Context *context, const Answers *answers, GError **error)
{
    /* What can be refused by rule is refused before a key is made or a file written. */
    const SetupAccount account = {
        .name = answers->account,
        .address = answers->address,
        .fetch = answers->fetch,
        .submit = answers->submit,
        .domain = answers->domain,
        .ca_file = answers->ca_file,
    };
    g_autofree char *key = NULL;
    g_autofree char *trial = setup_config_text(context->config_path, &account, NULL, error);
    if (trial == NULL || !setup_check(trial, context, error) ||
        !(key = owner_key(answers, error)) || !opens(context, key, error))
        return FALSE;
    g_autofree char *text = setup_config_text(context->config_path, &account, key, error);
    if (text == NULL || !setup_vault(context->store, key, text, context, error) ||
        !setup_write_config(context->config_path, text, error))
        return FALSE;
    tell(context, &account, key);
    return TRUE;
}

/* Where all but the vault is there, that is what is made; *LACKING tells. */
static gboolean make_vault(Context *context, const Answers *answers, gboolean *lacking,
                           GError **error)
{
    const SetupAccount wanted = {
        .name = answers->account,
        .address = answers->address,
        .fetch = answers->fetch,
        .submit = answers->submit,
    };
    g_autofree char *text = NULL;
    g_autoptr(Config) config = NULL;
    const Account *account = NULL;
    *lacking =
        answers->key == NULL && answers->login == NULL && !answers->generate &&
        setup_lacks_vault(context->config_path, context->store, &wanted, &text, &config, &account);
    if (!*lacking)
        return TRUE;
    if (!opens(context, account->key, error) ||
        !setup_vault(context->store, account->key, text, context, error))
        return FALSE;
    const SetupAccount there = {
        .name = account->name,
        .fetch = account->fetch,
        .submit = account->submit,
    };
    tell(context, &there, account->key);
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Answers answers = {0};
    const GOptionEntry entries[] = {
        {"account", 0, 0, G_OPTION_ARG_STRING, &answers.account, "Name of the account", "NAME"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &answers.address, "Your address", "A"},
        {"login", 0, 0, G_OPTION_ARG_STRING, &answers.login,
         "Your login at servers that are looked for", "NAME"},
        {"fetch", 0, 0, G_OPTION_ARG_STRING, &answers.fetch, "imaps:// or pops:// URI", "URI"},
        {"submit", 0, 0, G_OPTION_ARG_STRING, &answers.submit, "smtps:// or submission:// URI",
         "URI"},
        {"company-domain", 0, 0, G_OPTION_ARG_STRING, &answers.domain, "The company's domain", "D"},
        {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &answers.ca_file, "Trust only these CAs", "F"},
        {"key", 0, 0, G_OPTION_ARG_STRING, &answers.key, "OpenPGP key to seal to", "FPR"},
        {"generate-key", 0, 0, G_OPTION_ARG_NONE, &answers.generate, "Make a new OpenPGP key",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    gboolean lacking = FALSE;
    if (command_options(context, &command_init, entries, 0, 0, &argc, &argv, error) &&
        make_vault(context, &answers, &lacking, error) && !lacking && wizard_ask(&answers, error))
        set_up(context, &answers, error);
    answers_clear(&answers);
    return 0;
}

const Command command_init = {
    .name = "init",
    .usage =
        "[--account NAME --address A --company-domain D --login NAME --fetch URI --submit URI …]",
    .summary = "Makes the configuration and the vault, or adds an account",
    .needs = NEED_NOTHING,
    .run = run,
};
