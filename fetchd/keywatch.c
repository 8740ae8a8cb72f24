/* See keywatch.h. */
#include "fetchd/keywatch.h"

#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "fetchd/keynote.h"

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

GPtrArray *keywatch_keys(const Config *config)
{
    return keys_of(config, config->accounts);
}

/* --- now ----------------------------------------------------------------------------------- */

gboolean keywatch_good(const char *key, gint64 *expiry, GError **error)
{
    g_autofree char *stamp = keynote_stamp();
    *expiry = 0;
    if (keynote_find(stamp, key, expiry))
        return TRUE;
    if (!pgp_check_encrypt(key, expiry, error))
        return FALSE;
    keynote_keep(stamp, key, *expiry);
    return TRUE;
}

gboolean keywatch_check(const Config *config, const GPtrArray *accounts, GError **error)
{
    g_autoptr(GPtrArray) keys = keys_of(config, accounts);
    gint64 expiry;
    for (guint i = 0; i < keys->len; i++)
        if (!keywatch_good(keys->pdata[i], &expiry, error))
            return FALSE;
    return TRUE;
}

/* --- soon ---------------------------------------------------------------------------------- */

static void free_error(gpointer error)
{
    g_error_free(error);
}

static GError *soon(const char *key, gint64 expiry)
{
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
    g_autoptr(GPtrArray) keys = keywatch_keys(config);
    for (guint i = 0; i < keys->len; i++) {
        GError *warning = NULL;
        gint64 expiry;
        if (keywatch_good(keys->pdata[i], &expiry, &warning))
            warning = soon(keys->pdata[i], expiry);
        else if (!present)
            g_clear_error(&warning);
        if (warning)
            g_ptr_array_add(warnings, warning);
    }
    return warnings;
}
