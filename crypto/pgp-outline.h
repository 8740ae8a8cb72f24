/*
 * pgp-outline — what an OpenPGP message is, before gpg sees it: its armor is undone here and its
 * outermost packets are counted (RFC 9580, 4.2 and 10.3), so that gpg gets exactly what was looked
 * at. Pure.
 */
#pragma once

#include <glib.h>

/*
 * The bytes of an encrypted message out of DATA, armored or not: session keys for public keys, then
 * one packet that is encrypted and protected against changes, then nothing. Session keys for
 * passphrases are left out when there are others, for gpg would ask for those first.
 *
 * RECIPIENTS, unless NULL, gets the key ids (char *, 16 hex digits; zeros for one that is not told)
 * that it is encrypted to. Fails with 65: "openpgp.symmetric" when only a passphrase opens it;
 * "openpgp.unprotected" when it can be changed by others; "openpgp.data" when it is cut, goes on
 * behind its end, is not encrypted, or is for more than LIMIT_SESSION_KEYS keys or
 * LIMIT_HIDDEN_KEYS that are not told.
 */
GBytes *pgp_outline_encrypted(GBytes *data, GPtrArray *recipients,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does DATA begin as an encrypted message, perhaps a broken one? */
gboolean pgp_outline_is_encrypted(GBytes *data);
