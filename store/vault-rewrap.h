/*
 * vault-rewrap — what is sealed singly (vault-single.h), sealed to other keys, one message after
 * another. Each is a transaction of its own: whenever it is killed, each message is sealed as
 * before or anew, and the next time goes on with those that are not.
 */
#pragma once

#include "store/vault.h"

/* OPENPGP, SIZE bytes, sealed anew; NULL without *error when it is to stay as it is. */
typedef GBytes *(*SingleWrapper)(gpointer user, const guint8 *openpgp, gsize size, GError **error);

/* *anew counts those that are sealed anew, also on failure; a damaged message stays as it is.
 * Errors: those of vault.h and of WRAPPER. */
gboolean vault_rewrap_singles(Vault *vault, const Secret *match_key, SingleWrapper wrapper,
                              gpointer user, guint64 *anew,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
