/*
 * postern init: a configuration, a vault and an owner's key; asks for what no flag gave. The
 * same flags with another account name add that account to what is there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "mime/compose.h"

typedef struct {
    char *account, *address, *fetch, *submit, *domain, *ca_file, *key;
    gboolean generate;
} Flags;

static void flags_clear(Flags *flags)
{
    g_free(flags->account);
    g_free(flags->address);
    g_free(flags->fetch);
    g_free(flags->submit);
    g_free(flags->domain);
    g_free(flags->ca_file);
    g_free(flags->key);
}

static gboolean need(char **value, const char *flag, const char *question, const char *fallback,
                     GError **error)
{
    if (*value)
        return TRUE;
    if (!isatty(STDIN_FILENO))
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "see 'postern init --help'",
                      "%s is missing", flag);
    *value = terminal_ask(question, fallback, error);
    if (*value == NULL && (error == NULL || *error == NULL))
        refuse(error, POSTERN_ERROR_USAGE, "usage", "see 'postern init --help'", "%s is missing",
               flag);
    return *value != NULL;
}

static gboolean ask(Flags *flags, GError **error)
{
    if (!need(&flags->address, "--address", "Your address, as in Jane Doe <jdoe@corp.example>",
              NULL, error))
        return FALSE;
    g_autoptr(Mailbox) mailbox = address_parse(flags->address, error);
    if (mailbox == NULL)
        return FALSE;
    const char *domain = strrchr(mailbox->address, '@') + 1;
    return need(&flags->account, "--account", "A name for this account", "work", error) &&
           need(&flags->domain, "--company-domain", "The company's domain", domain, error) &&
           need(&flags->fetch, "--fetch", "Fetch from, as in imaps://login@mail.corp.example/",
                NULL, error) &&
           need(&flags->submit, "--submit", "Send by, as in smtps://login@mail.corp.example", NULL,
                error);
}

/* Without a terminal nothing is asked; whoever scripts that is told what it means. */
static char *generate(const Flags *flags, GError **error)
{
    gboolean terminal = isatty(STDIN_FILENO);
    char *key = pgp_generate(flags->address, terminal, error);
    if (key && !terminal)
        output_note("the new key has no passphrase; give it one: gpg --change-passphrase %s", key);
    return key;
}

/* The owner's key: named, made, or the only one of the address whose private half is here. */
static char *owner_key(const Flags *flags, GError **error)
{
    if (flags->generate)
        return generate(flags, error);
    if (flags->key)
        return pgp_find(flags->key, FALSE, error);
    g_autoptr(Mailbox) mailbox = address_parse(flags->address, error);
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

static void tell_json(const Context *context, const char *account, const char *key)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_string(builder, "account", account);
    json_string(builder, "configuration", context->config_path);
    json_string(builder, "vault", context->store);
    json_string(builder, "key", key);
    json_builder_end_object(builder);
    output_json(builder);
}

static void tell(const Context *context, const char *account, const char *key)
{
    if (context->json)
        tell_json(context, account, key);
    if (context->json || context->quiet)
        return;
    g_autofree char *name = text_name(account);
    g_autofree char *word = text_word(account);
    g_autofree char *configuration = text_name(context->config_path);
    g_autofree char *vault = text_name(context->store);
    printf("account:       %s\nconfiguration: %s\nvault:         %s\nsealed to key: %s\n\n"
           "next: postern password set %s\n",
           name, configuration, vault, key, word);
}

static gboolean set_up(Context *context, const Flags *flags, GError **error)
{
    /* What can be refused by rule is refused before a key is made or a file written. */
    const SetupAccount account = {
        .name = flags->account,
        .address = flags->address,
        .fetch = flags->fetch,
        .submit = flags->submit,
        .domain = flags->domain,
        .ca_file = flags->ca_file,
    };
    g_autofree char *key = NULL;
    g_autofree char *trial = setup_config_text(context->config_path, &account, NULL, error);
    if (trial == NULL || !setup_check(trial, context, error) || !(key = owner_key(flags, error)) ||
        !pgp_check_encrypt(key, error))
        return FALSE;
    g_autofree char *text = setup_config_text(context->config_path, &account, key, error);
    if (text == NULL || !setup_vault(context->store, key, text, context, error) ||
        !setup_write_config(context->config_path, text, error))
        return FALSE;
    tell(context, flags->account, key);
    return TRUE;
}

/* Where all but the vault is there, that is what is made; *LACKING tells. */
static gboolean make_vault(Context *context, const Flags *flags, gboolean *lacking, GError **error)
{
    const SetupAccount wanted = {
        .name = flags->account,
        .address = flags->address,
        .fetch = flags->fetch,
        .submit = flags->submit,
    };
    g_autofree char *text = NULL;
    g_autoptr(Config) config = NULL;
    const Account *account = NULL;
    *lacking =
        flags->key == NULL && !flags->generate &&
        setup_lacks_vault(context->config_path, context->store, &wanted, &text, &config, &account);
    if (!*lacking)
        return TRUE;
    if (!pgp_check_encrypt(account->key, error) ||
        !setup_vault(context->store, account->key, text, context, error))
        return FALSE;
    tell(context, account->name, account->key);
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    Flags flags = {0};
    const GOptionEntry entries[] = {
        {"account", 0, 0, G_OPTION_ARG_STRING, &flags.account, "Name of the account", "NAME"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &flags.address, "Your address", "A"},
        {"fetch", 0, 0, G_OPTION_ARG_STRING, &flags.fetch, "imaps:// or pops:// URI", "URI"},
        {"submit", 0, 0, G_OPTION_ARG_STRING, &flags.submit, "smtps:// or submission:// URI",
         "URI"},
        {"company-domain", 0, 0, G_OPTION_ARG_STRING, &flags.domain, "The company's domain", "D"},
        {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &flags.ca_file, "Trust only these CAs", "F"},
        {"key", 0, 0, G_OPTION_ARG_STRING, &flags.key, "OpenPGP key to seal to", "FPR"},
        {"generate-key", 0, 0, G_OPTION_ARG_NONE, &flags.generate, "Make a new OpenPGP key", NULL},
        G_OPTION_ENTRY_NULL,
    };
    gboolean lacking = FALSE;
    if (command_options(context, &command_init, entries, 0, 0, &argc, &argv, error) &&
        make_vault(context, &flags, &lacking, error) && !lacking && ask(&flags, error))
        set_up(context, &flags, error);
    flags_clear(&flags);
    return 0;
}

const Command command_init = {
    .name = "init",
    .usage = "[--account NAME --address A --fetch URI --submit URI --company-domain D …]",
    .summary = "Makes the configuration and the vault, or adds an account",
    .needs = NEED_NOTHING,
    .run = run,
};
