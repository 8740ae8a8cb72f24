/* See setup.h. */
#include "cli/setup.h"

#include <gio/gio.h>
#include <string.h>

#include "cli/server.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "fetchd/trust.h"
#include "policy/company.h"
#include "store/matchkey.h"

static gboolean plain(const char *what, const char *value, const char *forbidden, GError **error)
{
    for (const char *c = value; *c; c++)
        if (g_ascii_iscntrl(*c) || strchr(forbidden, *c)) {
            g_autofree char *safe = text_field(value);
            return refuse(error, POSTERN_ERROR_USAGE, "init.value", "leave that character out",
                          "%s cannot be written into a configuration: %s", what, safe);
        }
    return TRUE;
}

static gboolean values_are_plain(const SetupAccount *account, GError **error)
{
    /* A backslash is GKeyFile's escape, quotes and brackets end a section's name. */
    return plain("the account's name", account->name, "\\\"[]", error) &&
           plain("the address", account->address, "\\", error) &&
           plain("the fetch URI", account->fetch, "\\", error) &&
           plain("the submit URI", account->submit, "\\", error) &&
           plain("the company's domain", account->domain, "\\", error) &&
           (account->ca_file == NULL || plain("the CA file", account->ca_file, "\\", error));
}

/* The file at PATH; *text is NULL when there is none. */
static gboolean read_existing(const char *path, char **text, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (g_file_get_contents(path, text, NULL, &failure) ||
        g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
    g_autofree char *words = text_field(failure->message);
    return refuse(error, POSTERN_ERROR_POLICY, "config.file",
                  "see that it is a file that you may read", "%s", words);
}

static gboolean fits(const char *text, const char *path, const SetupAccount *account,
                     GError **error)
{
    g_autoptr(Config) config = config_parse(text, strlen(text), path, error);
    if (config == NULL)
        return FALSE;
    if (config_account(config, account->name, NULL)) {
        g_autofree char *name = text_name(account->name);
        return refuse(error, POSTERN_ERROR_POLICY, "init.account", "choose another --account",
                      "an account \"%s\" is there already", name);
    }
    if (company_owns(&config->company, account->domain))
        return TRUE;
    g_autofree char *domain = text_name(account->domain);
    g_autofree char *file = text_name(path);
    g_autofree char *mend = g_strdup_printf("add it to 'domains' in %s", file);
    return refuse(error, POSTERN_ERROR_POLICY, "init.company", mend,
                  "%s is not one of the company's domains", domain);
}

char *setup_config_text(const char *path, const SetupAccount *account, const char *key,
                        GError **error)
{
    g_autofree char *existing = NULL;
    if (!values_are_plain(account, error) || !read_existing(path, &existing, error) ||
        (existing && !fits(existing, path, account, error)))
        return NULL;
    GString *text = g_string_new(existing);
    if (existing == NULL) {
        g_string_append_printf(text,
                               "# Written by 'postern init'; every key is explained in "
                               "postern.conf(5).\n[company]\ndomains = %s\n",
                               account->domain);
        if (account->ca_file) {
            g_autofree char *absolute = g_canonicalize_filename(account->ca_file, NULL);
            g_string_append_printf(text, "ca_file = %s\n", absolute);
        }
    }
    if (text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    g_string_append_printf(text, "\n[account \"%s\"]\naddress = %s\nfetch = %s\nsubmit = %s\n",
                           account->name, account->address, account->fetch, account->submit);
    g_string_append(text, "secret = sealed\n");
    if (key)
        g_string_append_printf(text, "key = %s\n", key);
    return g_string_free(text, FALSE);
}

static gboolean same(const char *wanted, const char *there)
{
    return wanted == NULL || g_strcmp0(wanted, there) == 0;
}

gboolean setup_lacks_vault(const char *path, const char *store, const SetupAccount *account,
                           char **text, Config **config, const Account **found)
{
    g_autofree char *existing = NULL;
    if (vault_exists(store) || !g_file_get_contents(path, &existing, NULL, NULL))
        return FALSE;
    g_autoptr(Config) parsed = config_parse(existing, strlen(existing), path, NULL);
    for (guint i = 0; parsed && i < parsed->accounts->len; i++) {
        const Account *there = parsed->accounts->pdata[i];
        if (there->key && same(account->name, there->name) &&
            same(account->address, there->address) && same(account->fetch, there->fetch) &&
            same(account->submit, there->submit)) {
            *found = there;
            *text = g_steal_pointer(&existing);
            *config = g_steal_pointer(&parsed);
            return TRUE;
        }
    }
    return FALSE;
}

static Config *parse(const char *text, const Context *context, GError **error)
{
    g_autoptr(Config) config = config_parse(text, strlen(text), context->config_path, error);
    return config && config_apply_policies(config, context->policy, error)
               ? g_steal_pointer(&config)
               : NULL;
}

gboolean setup_check(const char *text, const Context *context, GError **error)
{
    g_autoptr(Config) config = parse(text, context, error);
    if (config == NULL || !company_check(&config->company, error))
        return FALSE;
    const Account *added = config->accounts->pdata[config->accounts->len - 1];
    g_autoptr(GPtrArray) trusted = trust_load(&config->company, error);
    return trusted && server_vet(added->fetch, FALSE, &config->company, error) &&
           server_vet(added->submit, TRUE, &config->company, error);
}

GStrv setup_wrap_keys(const char *key, const Config *config)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    g_strv_builder_add(keys, key);
    g_strv_builder_addv(keys, (const char **)config->company.recovery_keys);
    return g_strv_builder_end(keys);
}

gboolean setup_vault(const char *store, const char *key, const char *text, const Context *context,
                     GError **error)
{
    if (vault_exists(store)) {
        g_autoptr(Vault) vault = vault_open(store, error);
        return vault != NULL;
    }
    g_autoptr(Config) config = parse(text, context, error);
    if (config == NULL)
        return FALSE;
    guint8 id[VAULT_ID_SIZE], private_key[KEY_SIZE], public_key[KEY_SIZE];
    random_bytes(id, sizeof id);
    x25519_generate(private_key, public_key);
    g_autoptr(Secret) secret = secret_new(private_key, sizeof private_key);
    secret_wipe(private_key, sizeof private_key);
    g_auto(GStrv) keys = setup_wrap_keys(key, config);
    g_autoptr(GBytes) wrapped = pgp_wrap(keys, secret, error);
    g_autoptr(Secret) match_key = wrapped ? matchkey_create(id, error) : NULL;
    return match_key && vault_create(store, id, public_key, wrapped, match_key, error);
}

/* The file holds no secret, so a directory that is there already may be open to others. */
gboolean setup_write_config(const char *path, const char *text, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    return (g_file_test(dir, G_FILE_TEST_IS_DIR) || path_private_directory(dir, error)) &&
           path_write_private(path, text, strlen(text), error);
}

/* Does LINE say "key = FROM"? */
static gboolean names_key(const char *line, const char *from)
{
    g_auto(GStrv) words = g_strsplit(line, "=", 2);
    return words[0] && words[1] && strcmp(g_strstrip(words[0]), "key") == 0 &&
           g_ascii_strcasecmp(g_strstrip(words[1]), from) == 0;
}

static gboolean by_hand(const char *path, const char *from, const char *to, const GString *numbers,
                        GError **error)
{
    g_autofree char *file = text_name(path);
    g_autofree char *mend =
        g_strdup_printf("write 'key = %s' in line %s of %s", to, numbers->str, file);
    return refuse(error, POSTERN_ERROR_POLICY, "config.file", mend,
                  "the vault is sealed anew, but %s cannot be changed and still says key = %s",
                  file, from);
}

gboolean setup_replace_key(const char *path, const char *from, const char *to, guint *lines,
                           GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) numbers = g_string_new(NULL);
    *lines = 0;
    if (!read_existing(path, &text, error))
        return FALSE;
    g_auto(GStrv) all = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 0; all[i]; i++) {
        if (!names_key(all[i], from))
            continue;
        g_free(all[i]);
        all[i] = g_strdup_printf("key = %s", to);
        g_string_append_printf(numbers, "%s%u", *lines > 0 ? ", " : "", i + 1);
        ++*lines;
    }
    g_autofree char *changed = g_strjoinv("\n", all);
    /* Another file put in the place of a link would part what the user keeps together. */
    if (*lines == 0 ||
        (!g_file_test(path, G_FILE_TEST_IS_SYMLINK) && setup_write_config(path, changed, NULL)))
        return TRUE;
    return by_hand(path, from, to, numbers, error);
}
