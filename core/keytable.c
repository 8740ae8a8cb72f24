/* See keytable.h. */
#include "core/keytable.h"

#include <string.h>

#include "core/nearest.h"
#include "core/tagname.h"

/* clang-format off */
#define IN(type, field) .offset = offsetof(type, field)
#define NOWHERE         .offset = KEY_NOWHERE
#define WHOLE           .offset = 0

/* From the weakest; the numbers that end in -PLUS bind the channel. */
static const char mechanisms[] =
    "LOGIN|PLAIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|DIGEST-MD5|SCRAM-SHA-1|SCRAM-SHA-256|GSSAPI|"
    "EXTERNAL|SCRAM-SHA-1-PLUS|SCRAM-SHA-256-PLUS";

static const Key company_keys[] = {
    [COMPANY_DOMAINS] = {"domains", value_list, IN(Company, domains)},
    [COMPANY_NETWORKS] = {"networks", value_networks, IN(Company, networks)},
    [COMPANY_OFFICES] = {"offices", value_networks, IN(Company, offices)},
    [COMPANY_CA_FILE] = {"ca_file", value_paths, IN(Company, ca_files)},
    [COMPANY_RECOVERY_KEYS] = {"recovery_keys", value_fingerprints, IN(Company, recovery_keys)},
    [COMPANY_MIN_AUTH] = {"min_auth", value_word_text, IN(Company, min_auth), mechanisms},
    [COMPANY_MIN_TLS] = {"min_tls", value_word, IN(Company, min_tls), "1.2|1.3"},
    [COMPANY_TUNNEL] = {"tunnel", value_word, IN(Company, tunnel), "no|yes"},
    [COMPANY_OUTSIDE] = {"outside", value_word, IN(Company, outside), "allow|encrypt|refuse"},
    [COMPANY_FREEMAIL] = {"freemail", value_word, IN(Company, freemail), "allow|encrypt|refuse"},
    [COMPANY_WKD] = {"wkd", value_word_text, IN(Company, wkd), "never|company|any"},
    [COMPANY_PIN] = {"pin", value_pins, IN(Company, pins)},
    [COMPANY_LOGIN_NAMES] = {"login_names", value_word, IN(Company, login_names), "warn|fail"},
    [COMPANY_DELIVER_SENSITIVE] = {"deliver_sensitive", value_word, IN(Company, deliver_sensitive),
                                   "no|yes"},
};
G_STATIC_ASSERT(G_N_ELEMENTS(company_keys) == COMPANY_KEYS);

static const Key account_keys[] = {
    {"address", value_address, IN(Account, address)},
    {"aliases", value_addresses, IN(Account, aliases)},
    {"fetch", value_text, IN(Account, fetch), .is_secret = TRUE},
    {"submit", value_text, IN(Account, submit), .is_secret = TRUE},
    {"folders", value_folders, IN(Account, folders)},
    {"keep", value_keep, WHOLE},
    {"gone", value_word, IN(Account, gone), "keep|remove"},
    {"secret", value_secret, WHOLE, .is_secret = TRUE},
    {"key", value_fingerprint, IN(Account, key)},
    {"sign_key", value_fingerprint, IN(Account, sign_key)},
    {"pin", value_pins, IN(Account, pins)},
    {"tunnel", value_command, IN(Account, tunnel)},
    {"max_size", value_size, IN(Account, max_size)},
    {"compress", value_word, IN(Account, compress), "no|yes"},
    {"connections", value_count, IN(Account, connections)},
    {"deliver", value_deliver, IN(Account, deliver)},
    {"date", value_word, IN(Account, date), "utc|local"},
    {"save_sent", value_save_sent, IN(Account, save_sent)},
    {"outbox_key", value_outbox_key, IN(Account, outbox_key)},
    {"interval", value_interval, IN(Account, interval)},
    {"user_agent", value_word, IN(Account, user_agent), "no|yes"},
};

static const Key sensitive_keys[] = {
    {"account", value_list, IN(SensitiveRule, accounts)},
    {"folder", value_list, IN(SensitiveRule, folders)},
    {"from", value_list, IN(SensitiveRule, from)},
    {"list", value_list, IN(SensitiveRule, list)},
    {"header", value_headers, IN(SensitiveRule, header)},
    {"subject", value_pattern, IN(SensitiveRule, subject)},
    {"body", value_pattern, IN(SensitiveRule, body)},
    {"larger", value_size, IN(SensitiveRule, larger)},
    {"encrypted", value_word, IN(SensitiveRule, encrypted), "no|yes"},
    {"index", value_word, IN(SensitiveRule, index), "none|headers|full"},
};

static const Key tag_keys[] = {
    {"query", value_text, IN(TagRule, query)},
};

static const Key crypto_keys[] = {
    {"index", value_word, IN(Config, crypto_index), "none|headers|full"},
    {"autocrypt", value_word, IN(Config, autocrypt), "no|yes|mutual"},
    {"unlock_timeout", value_seconds, IN(Config, unlock_seconds)},
};

static const Key log_keys[] = {
    {"level", value_word, IN(Config, log_level), "error|warning|info|debug"},
    {"metrics", value_path, IN(Config, metrics)},
};

static const Key hook_keys[] = {
    {"new_mail", value_command, IN(Config, new_mail)},
    {"failed_mail", value_command, IN(Config, failed_mail)},
};

#define KEYS(table) table, G_N_ELEMENTS(table)

static const Section sections[] = {
    /*            titled */
    {"company",   FALSE, INTO_COMPANY, KEYS(company_keys)},
    {"account",   TRUE,  INTO_ACCOUNT, KEYS(account_keys)},
    {"sensitive", TRUE,  INTO_SENSITIVE, KEYS(sensitive_keys)},
    {"tag",       TRUE,  INTO_TAG,     KEYS(tag_keys)},
    {"crypto",    FALSE, INTO_CONFIG,  KEYS(crypto_keys)},
    {"log",       FALSE, INTO_CONFIG,  KEYS(log_keys)},
    {"hook",      FALSE, INTO_CONFIG,  KEYS(hook_keys)},
};
/* clang-format on */

/* The X of NAME "X" with one blank between, else NULL. */
static char *title_of(const char *header, const char *name)
{
    gsize length = strlen(name);
    gsize whole = strlen(header);
    if (whole < length + 4 || strncmp(header, name, length) != 0 ||
        strncmp(header + length, " \"", 2) != 0 || header[whole - 1] != '"')
        return NULL;
    g_autofree char *title = g_strndup(header + length + 2, whole - length - 3);
    return strchr(title, '"') ? NULL : g_steal_pointer(&title);
}

const Section *section_find(const char *header, char **title)
{
    *title = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
        if (!sections[i].titled && g_str_equal(header, sections[i].name))
            return &sections[i];
        if (sections[i].titled && (*title = title_of(header, sections[i].name)))
            return &sections[i];
    }
    return NULL;
}

const Key *section_key(const Section *section, const char *name)
{
    for (guint i = 0; i < section->n_keys; i++)
        if (g_str_equal(section->keys[i].name, name))
            return &section->keys[i];
    return NULL;
}

char *section_nearest(const char *header)
{
    g_autofree char *word = g_strndup(header, strcspn(header, " \""));
    const Section *nearest = NULL;
    guint least = G_MAXUINT;
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
        guint far = nearest_distance(word, sections[i].name);
        if (far < least) {
            least = far;
            nearest = &sections[i];
        }
    }
    return g_strconcat(nearest->name, nearest->titled ? " \"NAME\"" : NULL, NULL);
}

const char *section_nearest_key(const Section *section, const char *name)
{
    const char *nearest = NULL;
    guint least = G_MAXUINT;
    for (guint i = 0; i < section->n_keys; i++) {
        guint far = nearest_distance(name, section->keys[i].name);
        if (far < least) {
            least = far;
            nearest = section->keys[i].name;
        }
    }
    return nearest;
}

int company_word(CompanyKey key, const char *word)
{
    return word_index(company_keys[key].words, word);
}
