/* See config.h. The table that drives this is core/keytable.c. */
#include "core/config.h"

#include <string.h>

#include "core/error.h"
#include "core/keylines.h"
#include "core/keytable.h"
#include "core/limits.h"
#include "core/narrow.h"
#include "core/paths.h"
#include "core/policyfile.h"
#include "core/tagname.h"
#include "core/text.h"

#define DEFAULT_UNLOCK_SECONDS 3600
#define QUOTED_COLUMNS 60

typedef struct {
    Config *config;
    const char *name; /* of the file, for messages */
    gboolean policy;  /* [company] alone is allowed */
    const Section *section;
    guint section_line;
    Account *account;    /* the one being filled, or NULL */
    SensitiveRule *rule; /* likewise */
    TagRule *tag;        /* likewise */
    gboolean matches;    /* a key says what it is to fit */
    GError **error;
} Filling;

static void account_free(gpointer data)
{
    Account *account = data;
    g_free(account->name);
    g_free(account->address);
    g_strfreev(account->aliases);
    g_free(account->fetch);
    g_free(account->submit);
    g_strfreev(account->folders);
    g_free(account->secret_argument);
    g_free(account->key);
    g_free(account->sign_key);
    g_strfreev(account->pins);
    g_free(account->tunnel);
    g_free(account->save_sent);
    g_free(account->outbox_key);
    g_free(account->deliver);
    g_free(account);
}

static Account *account_new(char *name)
{
    Account *account = g_new0(Account, 1);
    account->name = name;
    account->aliases = g_new0(char *, 1);
    account->folders = g_strsplit("*", ";", -1);
    account->pins = g_new0(char *, 1);
    account->interval = INTERVAL_USUAL;
    return account;
}

static void rule_free(gpointer data)
{
    SensitiveRule *rule = data;
    g_free(rule->name);
    g_strfreev(rule->accounts);
    g_strfreev(rule->folders);
    g_strfreev(rule->from);
    g_strfreev(rule->list);
    g_strfreev(rule->header);
    pattern_free(rule->subject);
    pattern_free(rule->body);
    g_free(rule);
}

static void tag_free(gpointer data)
{
    TagRule *tag = data;
    g_free(tag->name);
    g_free(tag->query);
    g_free(tag);
}

static Config *config_new(const char *path)
{
    Config *config = g_new0(Config, 1);
    config->company.domains = g_new0(char *, 1);
    config->company.networks = g_new0(char *, 1);
    config->company.offices = g_new0(char *, 1);
    config->company.ca_files = g_ptr_array_new_with_free_func(g_free);
    config->company.recovery_keys = g_new0(char *, 1);
    config->company.outside = RULE_ENCRYPT;
    config->company.freemail = RULE_REFUSE;
    config->company.wkd = g_strdup("never");
    config->company.pins = g_new0(char *, 1);
    config->accounts = g_ptr_array_new_with_free_func(account_free);
    config->sensitive = g_ptr_array_new_with_free_func(rule_free);
    config->tags = g_ptr_array_new_with_free_func(tag_free);
    config->crypto_index = INDEX_FULL;
    config->autocrypt = AUTOCRYPT_YES;
    config->log_level = LEVEL_INFO;
    config->unlock_seconds = DEFAULT_UNLOCK_SECONDS;
    config->path = g_strdup(path);
    return config;
}

void config_free(Config *config)
{
    if (config == NULL)
        return;
    g_strfreev(config->company.domains);
    g_strfreev(config->company.networks);
    g_strfreev(config->company.offices);
    g_ptr_array_unref(config->company.ca_files);
    g_strfreev(config->company.recovery_keys);
    g_free(config->company.min_auth);
    g_free(config->company.wkd);
    g_strfreev(config->company.pins);
    g_ptr_array_unref(config->accounts);
    g_ptr_array_unref(config->sensitive);
    g_ptr_array_unref(config->tags);
    g_free(config->new_mail);
    g_free(config->failed_mail);
    g_free(config->metrics);
    g_free(config->path);
    g_free(config);
}

/* "config:7: …" in front of what FORMAT says. */
static gboolean wrong(const Filling *filling, guint line, const char *rule, const char *mend,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

static gboolean wrong(const Filling *filling, guint line, const char *rule, const char *mend,
                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *file = text_name(filling->name);
    return refuse(filling->error, POSTERN_ERROR_POLICY, rule, mend, "%s:%u: %s", file, line, why);
}

/* An account's name is typed on command lines and printed as it stands, so it holds nothing that
 * steers a terminal. */
static gboolean is_account_name(const char *name)
{
    gsize length = strlen(name);
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_isprint(c) || (g_unichar_isspace(c) && c != ' '))
            return FALSE;
    }
    return length > 0 && length <= LIMIT_ACCOUNT_NAME && *name != '-' && *name != ' ' &&
           name[length - 1] != ' ' && strchr(name, '/') == NULL;
}

/* A rule without any would mean all mail, and one whose line was lost would, too. */
static gboolean end_rule(Filling *filling)
{
    const SensitiveRule *rule = g_steal_pointer(&filling->rule);
    if (filling->matches)
        return TRUE;
    g_autofree char *shown = text_field(rule->name);
    return wrong(filling, filling->section_line, "config.value",
                 "add a line that says which mail it means, like: from = *@hr.corp.example",
                 "rule \"%s\" does not say what it is for", shown);
}

static gboolean end_tag(Filling *filling)
{
    const TagRule *tag = g_steal_pointer(&filling->tag);
    return tag->query || wrong(filling, filling->section_line, "config.value",
                               "add a line: query = subject:invoice has:attachment",
                               "tag \"%s\" has no query", tag->name);
}

/* What can only be judged once a section is over. */
/* Only IMAP has folders that mail can be put into. */
static gboolean end_account(const Filling *filling, const Account *account)
{
    g_autofree char *shown = text_field(account->name);
    gboolean files = account->save_sent && strcmp(account->save_sent, "no") != 0;
    if (account->address && files &&
        (!account->fetch || g_ascii_strncasecmp(account->fetch, "imaps:", 6) != 0))
        return wrong(
            filling, filling->section_line, "config.value",
            "leave save_sent out: what is sent is kept here all the same",
            "account \"%s\" does not fetch over IMAP, and so has no folder on a server for "
            "save_sent",
            shown);
    return account->address || wrong(filling, filling->section_line, "config.value",
                                     "add a line: address = John Smith <jsmith@corp.example>",
                                     "account \"%s\" has no address", shown);
}

static gboolean end_section(Filling *filling)
{
    const Account *account = g_steal_pointer(&filling->account);
    if (filling->rule)
        return end_rule(filling);
    if (filling->tag)
        return end_tag(filling);
    return account == NULL || end_account(filling, account);
}

static gboolean begin_rule(Filling *filling, char *name)
{
    filling->rule = g_new0(SensitiveRule, 1);
    filling->rule->line = filling->section_line;
    filling->rule->name = name;
    filling->rule->index = INDEX_NONE;
    filling->matches = FALSE;
    g_ptr_array_add(filling->config->sensitive, filling->rule);
    return TRUE;
}

static gboolean begin_tag(Filling *filling, const KeyLine *line, const char *title)
{
    g_autoptr(GError) failure = NULL;
    filling->tag = g_new0(TagRule, 1);
    filling->tag->name = tagname_check(title, &failure);
    g_ptr_array_add(filling->config->tags, filling->tag);
    return filling->tag->name || wrong(filling, line->line, "config.value",
                                       postern_error_mend(failure), "%s", failure->message);
}

static gboolean begin_account(Filling *filling, const KeyLine *line, char *name)
{
    filling->account = account_new(name);
    g_ptr_array_add(filling->config->accounts, filling->account);
    if (is_account_name(name))
        return TRUE;
    return wrong(filling, line->line, "config.value",
                 "choose a short name without / that does not begin with -",
                 "this cannot be an account's name");
}

static gboolean unknown_section(const Filling *filling, const KeyLine *line)
{
    g_autofree char *shown = text_field(line->section);
    g_autofree char *nearest = section_nearest(line->section);
    g_autofree char *mend = g_strdup_printf("did you mean [%s]?", nearest);
    return wrong(filling, line->line, "config.key", mend, "unknown section [%s]", shown);
}

static gboolean begin_section(Filling *filling, const KeyLine *line)
{
    g_autofree char *title = NULL;
    if (!end_section(filling))
        return FALSE;
    filling->section = section_find(line->section, &title);
    filling->section_line = line->line;
    if (filling->section == NULL)
        return unknown_section(filling, line);
    if (filling->policy && filling->section->target != INTO_COMPANY)
        return wrong(filling, line->line, "config.key", "keep only [company] in a policy",
                     "a policy has no section [%s]", filling->section->name);
    if (filling->section->target == INTO_SENSITIVE)
        return begin_rule(filling, g_steal_pointer(&title));
    if (filling->section->target == INTO_TAG)
        return begin_tag(filling, line, title);
    return filling->section->target != INTO_ACCOUNT ||
           begin_account(filling, line, g_steal_pointer(&title));
}

/* The struct that the section's offsets count from. */
static gpointer base_of(const Filling *filling)
{
    switch (filling->section->target) {
    case INTO_COMPANY: return &filling->config->company;
    case INTO_ACCOUNT: return filling->account;
    case INTO_SENSITIVE: return filling->rule;
    case INTO_TAG: return filling->tag;
    case INTO_CONFIG: return filling->config;
    }
    return NULL;
}

static gboolean unknown_key(const Filling *filling, const KeyLine *line)
{
    g_autofree char *shown = text_field(line->key);
    g_autofree char *mend =
        g_strdup_printf("did you mean %s?", section_nearest_key(filling->section, line->key));
    return wrong(filling, line->line, "config.key", mend, "[%s] has no key \"%s\"",
                 filling->section->name, shown);
}

static gboolean wrong_value(const Filling *filling, const KeyLine *line, const Key *key,
                            const char *why)
{
    g_autofree char *whole = text_field(line->value);
    g_autofree char *shown = text_fit(whole, QUOTED_COLUMNS);
    g_autofree char *mend = g_strdup_printf("correct %s; see postern.conf(5)", key->name);
    if (key->is_secret)
        return wrong(filling, line->line, "config.value", mend, "%s %s", key->name, why);
    return wrong(filling, line->line, "config.value", mend, "%s = \"%s\": %s", key->name, shown,
                 why);
}

static gboolean set_key(Filling *filling, const KeyLine *line)
{
    const Key *key = section_key(filling->section, line->key);
    if (key == NULL)
        return unknown_key(filling, line);
    if (*line->value == '\0')
        return wrong_value(filling, line, key, "is empty; leave the line out for the default");

    g_autofree char *why = NULL;
    guint8 *base = base_of(filling);
    gpointer where = key->offset != KEY_NOWHERE ? base + key->offset : NULL;
    if (!key->read(key, line->value, where, &why))
        return wrong_value(filling, line, key, why);
    if (filling->section->target == INTO_SENSITIVE)
        filling->matches |= where != &filling->rule->index &&
                            (where != &filling->rule->encrypted || filling->rule->encrypted);
    if (filling->section->target == INTO_TAG)
        filling->tag->line = line->line;
    if (filling->section->target == INTO_COMPANY)
        filling->config->company.given |= 1U << (key - filling->section->keys);
    return TRUE;
}

static gboolean fill(Filling *filling, const char *text, gsize size)
{
    g_autoptr(GPtrArray) lines = keylines_read(text, size, filling->name, filling->error);
    if (lines == NULL)
        return FALSE;
    for (guint i = 0; i < lines->len; i++) {
        const KeyLine *line = g_ptr_array_index(lines, i);
        if (!(line->key ? set_key(filling, line) : begin_section(filling, line)))
            return FALSE;
    }
    return end_section(filling);
}

static gboolean has_account(const Config *config, const char *name)
{
    for (guint i = 0; i < config->accounts->len; i++)
        if (g_str_equal(((Account *)config->accounts->pdata[i])->name, name))
            return TRUE;
    return FALSE;
}

/* A misspelt name would make a rule that never fits. */
static gboolean know_accounts(const Filling *filling)
{
    for (guint i = 0; i < filling->config->sensitive->len; i++) {
        const SensitiveRule *rule = filling->config->sensitive->pdata[i];
        for (char **name = rule->accounts; name && *name; name++) {
            if (has_account(filling->config, *name))
                continue;
            g_autofree char *shown = text_field(*name);
            return wrong(filling, rule->line, "config.value",
                         "correct account, or leave it out for all", "there is no account \"%s\"",
                         shown);
        }
    }
    return TRUE;
}

Config *config_parse(const char *text, gsize size, const char *name, GError **error)
{
    g_autoptr(Config) config = config_new(name);
    Filling filling = {.config = config, .name = name, .error = error};
    if (!fill(&filling, text, size) || !know_accounts(&filling) || !narrow_accounts(config, error))
        return NULL;
    return g_steal_pointer(&config);
}

gboolean config_narrow(Config *config, const char *text, gsize size, const char *name,
                       GError **error)
{
    g_autoptr(Config) rules = config_new(name);
    Filling filling = {.config = rules, .name = name, .policy = TRUE, .error = error};
    if (!fill(&filling, text, size))
        return FALSE;
    if (rules->company.given == 0) {
        g_autofree char *shown = text_name(name);
        return refuse(error, POSTERN_ERROR_POLICY, "policy.file",
                      "write the company's rules into it, or remove it", "policy %s is empty",
                      shown);
    }
    return narrow_company(&config->company, &rules->company, name, error) &&
           narrow_accounts(config, error);
}

static gboolean narrow_by_file(Config *config, const char *path, PolicyTrust trust, GError **error)
{
    g_autoptr(GBytes) text = NULL;
    if (!policyfile_read(path, trust, &text, error))
        return FALSE;
    return text == NULL ||
           config_narrow(config, g_bytes_get_data(text, NULL), g_bytes_get_size(text), path, error);
}

gboolean config_apply_policies(Config *config, const char *extra_policy, GError **error)
{
    g_autofree char *system_policy = path_policy();
    return narrow_by_file(config, system_policy, POLICY_OF_SYSTEM, error) &&
           (extra_policy == NULL || narrow_by_file(config, extra_policy, POLICY_OF_CALLER, error));
}

Config *config_load(const char *path, const char *extra_policy, GError **error)
{
    g_autoptr(GBytes) text = policyfile_read_config(path, error);
    if (text == NULL)
        return NULL;
    g_autoptr(Config) config =
        config_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), path, error);
    if (config == NULL || !config_apply_policies(config, extra_policy, error))
        return NULL;
    return g_steal_pointer(&config);
}

const Account *config_account(const Config *config, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = g_ptr_array_index(config->accounts, i);
        if (name == NULL || g_str_equal(account->name, name))
            return account;
        g_autofree char *shown = text_field(account->name);
        g_string_append_printf(names, "%s%s", i == 0 ? "" : ", ", shown);
    }
    g_autofree char *file = text_name(config->path);
    if (config->accounts->len == 0) {
        refuse(error, POSTERN_ERROR_POLICY, "config.account", "run postern init",
               "%s has no account", file);
        return NULL;
    }
    g_autofree char *shown = text_field(name);
    g_autofree char *mend = g_strdup_printf("configured: %s", names->str);
    refuse(error, POSTERN_ERROR_POLICY, "config.account", mend, "%s has no account \"%s\"", file,
           shown);
    return NULL;
}
