/*
 * password — where login secrets come from: one function a kind (see SecretKind).
 */
#pragma once

#include "core/config.h"
#include "core/secret.h"

/* A machine-made password of at least 128 bits from letters and digits. */
Secret *password_generate(void);

/*
 * The secret of ACCOUNT for the kinds that need no vault: `credential:NAME` (a regular file
 * below $CREDENTIALS_DIRECTORY), `command:…` (first line of its output, no shell, deadline and
 * size limit), `keyring` (desktop keyring by secret-tool). Errors 78 "secret.credential",
 * "secret.command", "secret.keyring"; 75 "secret.timeout", and "run.interrupted" once STOP_FD (-1
 * for none) is readable.
 */
Secret *password_get(const Account *account, int stop_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts SECRET, of at most LIMIT_SECRET bytes, into the desktop's keyring, in place of one that is
 * there; secret-tool hears it on its standard input. Errors as above, of the keyring. */
gboolean password_put(const Account *account, const Secret *secret, int stop_fd,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
