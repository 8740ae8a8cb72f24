/* See vault-logins.h. */
#include "store/vault-logins.h"

#include <string.h>

#include "core/limits.h"
#include "store/vault-names.h"
#include "store/vault-sql.h"

#define SALT_SIZE 16
#define HOUR 3600
#define SKEW 60 /* clocks are stepped by this much without meaning it */

/* 32 MiB and about a tenth of a second; only a credential that was refused costs this. */
#define SCRYPT_N (1 << 15)
#define SCRYPT_R 8
#define SCRYPT_P 1

static void host_mac(const Secret *match_key, const char *host, guint8 out[static MAC_SIZE])
{
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "host", "", host, out);
}

static void account_mac(const Secret *match_key, const char *account, guint8 out[static MAC_SIZE])
{
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "account", account, "", out);
}

/* The login comes last: alone of these it may hold a line end. */
static void credential_mac(const Secret *match_key, const LoginCredential *credential,
                           const guint8 salt[static SALT_SIZE], guint8 out[static MAC_SIZE])
{
    guint8 slow[KEY_SIZE];
    char hex[2 * KEY_SIZE + 1];
    const Secret *secret = credential->secret;
    scrypt_hash(secret_bytes(secret), secret_size(secret), salt, SALT_SIZE, SCRYPT_N, SCRYPT_R,
                SCRYPT_P, slow, sizeof slow);
    for (gsize i = 0; i < sizeof slow; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", slow[i]);
    const char *mechanism = credential->mechanism ? credential->mechanism : "*";
    char *all =
        g_strdup_printf("%s\n%s\n%s\n%s", credential->host, mechanism, hex, credential->login);
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "credential", credential->account, all, out);
    secret_wipe(all, strlen(all));
    g_free(all);
    secret_wipe(hex, sizeof hex);
    secret_wipe(slow, sizeof slow);
}

gboolean vault_login_refused(Vault *vault, const Secret *match_key,
                             const LoginCredential *credential, gint64 *since, GError **error)
{
    guint8 account[MAC_SIZE], host[MAC_SIZE], noted[MAC_SIZE], now[MAC_SIZE], salt[SALT_SIZE];
    gboolean row;
    *since = 0;
    sqlite3_stmt *statement = vault_sql(vault, SQL_LOGIN_REFUSED, error);
    if (statement == NULL)
        return FALSE;
    account_mac(match_key, credential->account, account);
    host_mac(match_key, credential->host, host);
    sql_blob(statement, 1, account, sizeof account);
    sql_blob(statement, 2, host, sizeof host);
    if (!sql_row(vault, statement, &row, error))
        return FALSE;
    const guint8 *salt_column = row ? sql_column(statement, 0, SALT_SIZE) : NULL;
    const guint8 *mac_column = row ? sql_column(statement, 1, MAC_SIZE) : NULL;
    gboolean whole = salt_column && mac_column;
    if (whole) {
        memcpy(salt, salt_column, sizeof salt);
        memcpy(noted, mac_column, sizeof noted);
    }
    gint64 then = row ? sqlite3_column_int64(statement, 2) : 0;
    sqlite3_reset(statement);
    if (!row)
        return TRUE;
    if (!whole)
        return vault_damaged(vault, "a refused login is not noted as one", error);
    credential_mac(match_key, credential, salt, now);
    if (memcmp(noted, now, sizeof now) == 0)
        *since = MAX(then, 1);
    return TRUE;
}

gboolean vault_note_login_refused(Vault *vault, const Secret *match_key,
                                  const LoginCredential *credential, gint64 now, GError **error)
{
    guint8 account[MAC_SIZE], host[MAC_SIZE], mac[MAC_SIZE], salt[SALT_SIZE];
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_LOGIN_REFUSED, error);
    if (statement == NULL || !sql_run(vault, SQL_STRICT, error))
        return FALSE;
    random_bytes(salt, sizeof salt);
    account_mac(match_key, credential->account, account);
    host_mac(match_key, credential->host, host);
    credential_mac(match_key, credential, salt, mac);
    sql_blob(statement, 1, account, sizeof account);
    sql_blob(statement, 2, host, sizeof host);
    sql_blob(statement, 3, salt, sizeof salt);
    sql_blob(statement, 4, mac, sizeof mac);
    sql_int(statement, 5, now);
    return sql_done(vault, statement, error);
}

gboolean vault_forget_login_refused(Vault *vault, const Secret *match_key, const char *account,
                                    const char *host, guint *forgotten, GError **error)
{
    guint8 account_is[MAC_SIZE], host_is[MAC_SIZE];
    sqlite3_stmt *statement = vault_sql(vault, SQL_DROP_LOGIN_REFUSED, error);
    if (statement == NULL)
        return FALSE;
    if (account)
        account_mac(match_key, account, account_is);
    if (host)
        host_mac(match_key, host, host_is);
    sql_blob(statement, 1, account ? account_is : NULL, account ? sizeof account_is : 0);
    sql_blob(statement, 2, host ? host_is : NULL, host ? sizeof host_is : 0);
    if (!sql_done(vault, statement, error))
        return FALSE;
    if (forgotten)
        *forgotten = (guint)sqlite3_changes(vault->db);
    return TRUE;
}

/* --- how often ----------------------------------------------------------------------------- */

/* When the MOST-th last login (or refusal) was; 0 when there were fewer. */
static gboolean time_of(Vault *vault, const guint8 host[static MAC_SIZE], gboolean refused,
                        gint64 most, gint64 *time, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_LOGIN_TIME, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, host, MAC_SIZE);
    sql_int(statement, 2, refused);
    sql_int(statement, 3, most - 1);
    if (!sql_row(vault, statement, &row, error))
        return FALSE;
    *time = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean add_time(Vault *vault, const guint8 host[static MAC_SIZE], gboolean refused,
                         gint64 now, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_ADD_LOGIN_TIME, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, host, MAC_SIZE);
    sql_int(statement, 2, refused);
    sql_int(statement, 3, now);
    return sql_done(vault, statement, error);
}

static gboolean sweep(Vault *vault, gint64 now, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_SWEEP_LOGIN_TIMES, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, now - HOUR);
    sql_int(statement, 2, now + SKEW);
    return sql_done(vault, statement, error);
}

static gboolean count_login(Vault *vault, const guint8 host[static MAC_SIZE], gint64 now,
                            gint64 *wait, gboolean *refusals, GError **error)
{
    gint64 login, refusal;
    if (!sweep(vault, now, error) || !time_of(vault, host, FALSE, LIMIT_LOGINS, &login, error) ||
        !time_of(vault, host, TRUE, LIMIT_REFUSED_LOGINS, &refusal, error))
        return FALSE;
    *refusals = refusal > login;
    gint64 last = MAX(login, refusal);
    *wait = last > 0 ? last + HOUR - now : 0;
    return *wait > 0 || add_time(vault, host, FALSE, now, error);
}

gboolean vault_count_login(Vault *vault, const Secret *match_key, const char *host, gint64 now,
                           gint64 *wait, gboolean *refusals, GError **error)
{
    guint8 mac[MAC_SIZE];
    host_mac(match_key, host, mac);
    /* One transaction: two processes must not both take the last login that is left. */
    if (!sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    return sql_end(vault, count_login(vault, mac, now, wait, refusals, error), error);
}

gboolean vault_count_refusal(Vault *vault, const Secret *match_key, const char *host, gint64 now,
                             GError **error)
{
    guint8 mac[MAC_SIZE];
    host_mac(match_key, host, mac);
    return add_time(vault, mac, TRUE, now, error);
}
