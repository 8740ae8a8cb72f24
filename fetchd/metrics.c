/* See metrics.h. */
#include "fetchd/metrics.h"

#include "core/error.h"
#include "core/text.h"
#include "fetchd/keywatch.h"
#include "store/matchkey.h"
#include "store/vault-skipped.h"

/* What is told of one account. */
typedef struct {
    const char *name;
    AccountStat stat;
    guint64 skipped;
} AccountFacts;

typedef struct {
    const char *name, *help;
    gint64 (*value)(const AccountFacts *facts);
} AccountMetric;

static gint64 last_sync(const AccountFacts *facts)
{
    return facts->stat.last_sync;
}

static gint64 outcome(const AccountFacts *facts)
{
    return facts->stat.outcome;
}

static gint64 messages(const AccountFacts *facts)
{
    return (gint64)facts->stat.messages;
}

static gint64 unindexed(const AccountFacts *facts)
{
    return (gint64)facts->stat.unindexed;
}

static gint64 skipped(const AccountFacts *facts)
{
    return (gint64)facts->skipped;
}

static const AccountMetric metrics[] = {
    {"postern_last_sync_timestamp_seconds", "When the account was last fetched from.", last_sync},
    {"postern_last_sync_exit_code", "How that ended, 0 when all went well.", outcome},
    {"postern_messages", "Messages of the account that are here.", messages},
    {"postern_unindexed_messages", "Messages that a search does not find yet.", unindexed},
    {"postern_skipped_messages", "Messages left on the server for their size.", skipped},
};

static void add_head(GString *out, const char *name, const char *help)
{
    g_string_append_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* NAME{LABEL="VALUE"} NUMBER */
static void add_labelled(GString *out, const char *name, const char *label, const char *value,
                         gint64 number)
{
    g_autoptr(GString) escaped = g_string_new(value);
    g_string_replace(escaped, "\\", "\\\\", 0);
    g_string_replace(escaped, "\"", "\\\"", 0);
    g_string_replace(escaped, "\n", "\\n", 0);
    g_string_append_printf(out, "%s{%s=\"%s\"} %" G_GINT64_FORMAT "\n", name, label, escaped->str,
                           number);
}

static gboolean count_skipped(gpointer user, const Skipped *left, GError **error)
{
    (void)left;
    (void)error;
    ++*(guint64 *)user;
    return TRUE;
}

/* As many as can be read. */
static GArray *facts_of(const Config *config, Vault *vault, const Secret *match_key)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(AccountFacts));
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        AccountFacts facts = {.name = account->name};
        if (account->fetch &&
            vault_account_stat(vault, match_key, account->name, &facts.stat, NULL) &&
            vault_skipped(vault, match_key, NULL, account->name, count_skipped, &facts.skipped,
                          NULL))
            g_array_append_val(all, facts);
    }
    return all;
}

static void add_accounts(GString *out, const Config *config, const char *store)
{
    g_autoptr(Vault) vault = vault_open(store, NULL);
    g_autoptr(Secret) match_key = vault ? matchkey_load(vault, NULL) : NULL;
    if (match_key == NULL)
        return;
    g_autoptr(GArray) all = facts_of(config, vault, match_key);
    for (gsize m = 0; m < G_N_ELEMENTS(metrics); m++) {
        add_head(out, metrics[m].name, metrics[m].help);
        for (guint i = 0; i < all->len; i++) {
            const AccountFacts *facts = &g_array_index(all, AccountFacts, i);
            add_labelled(out, metrics[m].name, "account", facts->name, metrics[m].value(facts));
        }
    }
}

static void add_keys(GString *out, const Config *config)
{
    g_autoptr(GPtrArray) keys = keywatch_keys(config);
    static const char fit[] = "postern_key_usable",
                      expiry[] = "postern_key_expiry_timestamp_seconds";
    g_autoptr(GString) ends = g_string_new(NULL);
    add_head(out, fit, "Whether mail can be sealed to the key: without it nothing is fetched.");
    add_head(ends, expiry, "When the key expires; no line for one that never does.");
    for (guint i = 0; i < keys->len; i++) {
        gint64 when = 0;
        gboolean usable = keywatch_good(keys->pdata[i], &when, NULL);
        add_labelled(out, fit, "key", keys->pdata[i], usable);
        if (when != 0)
            add_labelled(ends, expiry, "key", keys->pdata[i], when);
    }
    g_string_append_len(out, ends->str, (gssize)ends->len);
}

gboolean metrics_write(const Config *config, const char *store, int code, GError **error)
{
    if (config->metrics == NULL)
        return TRUE;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) failure = NULL;
    add_head(out, "postern_exit_code", "How the last pass ended, 0 when all went well.");
    g_string_append_printf(out, "postern_exit_code %d\n", code);
    add_keys(out, config);
    add_accounts(out, config, store);
    if (g_file_set_contents_full(config->metrics, out->str, (gssize)out->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT, 0644, &failure))
        return TRUE;
    g_autofree char *reason = text_field(failure->message);
    return refuse(error, POSTERN_ERROR_STORE, "metrics.write",
                  "name a file in a directory that is there and yours, in [log] metrics",
                  "the metrics cannot be written: %s", reason);
}
