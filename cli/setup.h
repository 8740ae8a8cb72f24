/*
 * setup — what init makes: configuration text and the vault. Asks nothing, prints nothing.
 */
#pragma once

#include "cli/command.h"

typedef struct {
    const char *name, *address, *fetch, *submit, *domain, *ca_file;
} SetupAccount;

/*
 * The configuration at PATH with ACCOUNT added (KEY NULL: without its key line), or a fresh one.
 * 64 "init.value" for a value that no line can hold; 78 "init.account" when the name is taken,
 * "init.company" when the file there speaks of another company.
 */
char *setup_config_text(const char *path, const SetupAccount *account, const char *key,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Is there a configuration at PATH, with an account that is ACCOUNT (whose members may be NULL:
 * any), while STORE has no vault? Then *text is what lies at PATH and *found the account in
 * *config. So it is on a new machine, or when the store was moved away.
 */
gboolean setup_lacks_vault(const char *path, const char *store, const SetupAccount *account,
                           char **text, Config **config, const Account **found);

/* Does TEXT hold as a configuration, its certificates and all its servers included, under the
 * policy? */
gboolean setup_check(const char *text, const Context *context,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the vault in STORE, its key wrapped to KEY and to the recovery keys, unless one is there.
 */
gboolean setup_vault(const char *store, const char *key, const char *text, const Context *context,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* KEY, then the company's recovery keys (g_strfreev). */
GStrv setup_wrap_keys(const char *key, const Config *config);

/*
 * In the configuration at PATH each line "key = FROM" says TO; *LINES of them. What else is there
 * stays as it is. Where it cannot be written, 78 "config.file" tells the lines to be changed by
 * hand.
 */
gboolean setup_replace_key(const char *path, const char *from, const char *to, guint *lines,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean setup_write_config(const char *path, const char *text,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
