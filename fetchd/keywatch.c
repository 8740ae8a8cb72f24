/* See keywatch.h. */
#include "fetchd/keywatch.h"

#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"

#define HOLDS_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define DAY (24 * 60 * 60)

/* --- which --------------------------------------------------------------------------------- */

static void add(GPtrArray *keys, const char *key)
{
    for (guint i = 0; i < keys->len; i++)
        if (g_ascii_strcasecmp(keys->pdata[i], key) == 0)
            return;
    g_ptr_array_add(keys, (gpointer)key);
}

/* Each once: those of ACCOUNTS, then the recovery keys. */
static GPtrArray *keys_of(const Config *config, const GPtrArray *accounts)
{
    GPtrArray *keys = g_ptr_array_new();
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        if (account->key)
            add(keys, account->key);
    }
    for (char **key = config->company.recovery_keys; *key; key++)
        add(keys, *key);
    return keys;
}

/* --- now ----------------------------------------------------------------------------------- */

/* Fingerprints and until when they need not be asked for (gint64 *); of the whole process. */
static GHashTable *good(void)
{
    static GHashTable *table;
    if (table == NULL)
        table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return table;
}

static gboolean is_good(const char *key, GError **error)
{
    const gint64 *until = g_hash_table_lookup(good(), key);
    if (until && g_get_monotonic_time() < *until)
        return TRUE;
    if (!pgp_check_encrypt(key, error))
        return FALSE;
    gint64 *fresh = g_new(gint64, 1);
    *fresh = g_get_monotonic_time() + HOLDS_US;
    g_hash_table_insert(good(), g_strdup(key), fresh);
    return TRUE;
}

gboolean keywatch_check(const Config *config, const GPtrArray *accounts, GError **error)
{
    g_autoptr(GPtrArray) keys = keys_of(config, accounts);
    for (guint i = 0; i < keys->len; i++)
        if (!is_good(keys->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* --- soon ---------------------------------------------------------------------------------- */

static void free_error(gpointer error)
{
    g_error_free(error);
}

static GError *soon(const char *key)
{
    gint64 expiry = pgp_expiry(key);
    gint64 days = (expiry - g_get_real_time() / G_USEC_PER_SEC) / DAY;
    GError *warning = NULL;
    if (expiry == 0 || days >= KEYWATCH_DAYS)
        return NULL;
    g_autofree char *count = text_count((guint64)MAX(days, 0), "day", "days");
    g_autofree char *mend = g_strdup_printf(
        "extend it (gpg --quick-set-expire %s 1y), or change to another ('postern key rotate')",
        key);
    refuse(&warning, POSTERN_ERROR_POLICY, "key.expires", mend,
           "the OpenPGP key %s expires in %s, and then nothing is fetched any more", key, count);
    return warning;
}

GPtrArray *keywatch_warnings(const Config *config, gboolean present)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func(free_error);
    g_autoptr(GPtrArray) keys = keys_of(config, config->accounts);
    for (guint i = 0; i < keys->len; i++) {
        GError *warning = NULL;
        gboolean fit = pgp_check_encrypt(keys->pdata[i], &warning);
        if (fit)
            warning = soon(keys->pdata[i]);
        else if (!present)
            g_clear_error(&warning);
        if (warning)
            g_ptr_array_add(warnings, warning);
    }
    return warnings;
}
