/* See value.h: numbers with units, commands, and the keys with a syntax of their own. */
#include "core/value.h"

#include <string.h>

#include "core/config.h"
#include "core/limits.h"

/* Digits and at most one letter of UNITS, each of which stands for FACTORS[its place]. */
static gboolean scaled(const char *value, const char *units, const guint64 *factors, guint64 max,
                       guint64 *result)
{
    gsize digits = strspn(value, "0123456789");
    const char *unit = value[digits] ? strchr(units, value[digits]) : NULL;
    gboolean formed =
        digits > 0 && digits < 19 && (value[digits] == '\0' || (unit && value[digits + 1] == '\0'));
    if (!formed)
        return FALSE;
    guint64 factor = unit ? factors[unit - units] : 1;
    guint64 number = g_ascii_strtoull(value, NULL, 10);
    return number <= max / factor && ((*result = number * factor), TRUE);
}

gboolean value_size(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    static const guint64 factors[] = {1 << 10, 1 << 20, 1 << 30};
    guint64 size;
    if (!scaled(value, "KMG", factors, LIMIT_MESSAGE_BYTES, &size) || size == 0)
        return value_because(why, "must be a size like 500K, 20M or 1G, and 2G at most");
    if (where)
        *(guint64 *)where = size;
    return TRUE;
}

static gboolean to_guint(guint64 number, gpointer where)
{
    if (where)
        *(guint *)where = (guint)number;
    return TRUE;
}

gboolean value_seconds(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    static const guint64 factors[] = {1, 60, 3600, 86400};
    guint64 seconds;
    if (!scaled(value, "smhd", factors, G_MAXINT32, &seconds))
        return value_because(why, "must be a time like 90s, 15m, 1h or 7d");
    return to_guint(seconds, where);
}

gboolean value_interval(const Key *key, const char *value, gpointer where, char **why)
{
    guint seconds = 0;
    if (!value_seconds(key, value, &seconds, why))
        return FALSE;
    if (seconds < INTERVAL_LEAST)
        return value_because(why, "must be 1m or longer");
    *(guint *)where = seconds;
    return TRUE;
}

gboolean value_count(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    guint64 count;
    if (!scaled(value, "", NULL, 1000, &count) || count == 0)
        return value_because(why, "must be a number from 1 to 1000");
    return to_guint(count, where);
}

/* Words as a shell would part them; none is run by one. */
static gboolean is_command(const char *value)
{
    return g_shell_parse_argv(value, NULL, NULL, NULL);
}

gboolean value_command(const Key *key, const char *value, gpointer where, char **why)
{
    if (!is_command(value))
        return value_because(why, "must be a command with its quotes closed");
    return value_text(key, value, where, why);
}

gboolean value_pattern(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    Pattern **field = where;
    Pattern *pattern = pattern_new(value, why);
    if (pattern == NULL)
        return FALSE;
    pattern_free(*field);
    *field = pattern;
    return TRUE;
}

gboolean value_deliver(const Key *key, const char *value, gpointer where, char **why)
{
    const char *path = strchr(value, ':');
    gboolean maildir = g_str_has_prefix(value, "maildir:");
    g_autofree char *at_home = NULL;
    if (maildir && g_str_has_prefix(path, ":~/")) {
        at_home = g_strconcat("maildir:", g_get_home_dir(), path + 2, NULL);
        value = at_home;
        path = strchr(value, ':');
    }
    if ((!maildir && !g_str_has_prefix(value, "lmtp:")) || !g_path_is_absolute(path + 1))
        return value_because(why, "must be lmtp:/SOCKET, maildir:/DIRECTORY or maildir:~/…");
    return value_text(key, value, where, why);
}

/* The name of a file below $CREDENTIALS_DIRECTORY, never a way out of it. */
static gboolean is_credential_name(const char *name)
{
    return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

gboolean value_outbox_key(const Key *key, const char *value, gpointer where, char **why)
{
    if (!g_str_has_prefix(value, "credential:") ||
        !is_credential_name(value + strlen("credential:")))
        return value_because(why, "must be credential:NAME");
    return value_text(key, value, where, why);
}

gboolean value_save_sent(const Key *key, const char *value, gpointer where, char **why)
{
    if (strcmp(value, "yes") == 0)
        return value_because(why, "must be no, server or the name of a folder, as in "
                                  "save_sent = Sent");
    if (strlen(value) > LIMIT_MAILBOX_NAME)
        return value_because(why, "is too long for the name of a folder");
    return value_text(key, value, where, why);
}

gboolean value_keep(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    Account *account = where;
    guint64 days = 0;
    if (g_str_equal(value, "yes")) {
        account->keep = KEEP_YES;
    } else if (g_str_equal(value, "no")) {
        account->keep = KEEP_NO;
    } else if (scaled(value, "", NULL, 36500, &days) && days > 0) {
        account->keep = KEEP_DAYS;
    } else {
        return value_because(why, "must be yes, no or a number of days");
    }
    account->keep_days = (guint)days;
    return TRUE;
}

static gboolean secret_of_kind(Account *account, SecretKind kind, const char *argument)
{
    account->secret_kind = kind;
    g_free(account->secret_argument);
    account->secret_argument = g_strdup(argument);
    return TRUE;
}

gboolean value_secret(const Key *key, const char *value, gpointer where, char **why)
{
    (void)key;
    const char *colon = strchr(value, ':');
    const char *argument = colon ? colon + 1 : "";
    while (*argument == ' ' || *argument == '\t')
        argument++;
    if (g_str_equal(value, "sealed"))
        return secret_of_kind(where, SECRET_SEALED, NULL);
    if (g_str_equal(value, "keyring"))
        return secret_of_kind(where, SECRET_KEYRING, NULL);
    if (g_str_has_prefix(value, "credential:") && is_credential_name(argument))
        return secret_of_kind(where, SECRET_CREDENTIAL, argument);
    if (g_str_has_prefix(value, "command:") && is_command(argument))
        return secret_of_kind(where, SECRET_COMMAND, argument);
    return value_because(why, "must be sealed, keyring, credential:NAME or command:COMMAND; "
                              "a password never stands in a file");
}
