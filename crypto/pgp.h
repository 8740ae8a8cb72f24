/*
 * pgp — the facade over GPGME; no other file but pgpmime.c calls it. Every context is made by
 * one function: offline, no keyserver, no encrypt-to, armor off unless said, and asking nobody
 * where there is nobody (pgp_may_ask()). Recipients are given by full fingerprint. Verdicts come
 * from result structures alone.
 *
 * Errors: 78 "key.missing", "key.expired", "key.revoked", "key.disabled", "key.unusable",
 * "key.ambiguous" (two keys fit);
 * 75 "key.locked" when the private key is there but was not unlocked; 65 "openpgp.data" for
 * unusable input; 78 "openpgp.engine" when gpg itself is missing or broken.
 */
#pragma once

#include <glib.h>

#include "core/letter.h"
#include "core/secret.h"
#include "crypto/session.h"

/* Looks for gpg, which costs a few processes; GPGME remembers the answer. Everything below asks
 * by itself, so that a command that needs no gpg starts none. */
gboolean pgp_start(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Full fingerprint of the one usable key for NAME (fingerprint, key id or address) that can
 * encrypt; with SECRET, of one whose private half is here. Two candidates are an error naming
 * both. */
char *pgp_find(const char *name, gboolean secret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the key FINGERPRINT here and fit to encrypt to, now? Each reason its own error. *expiry (may
 * be NULL): when it stops being so, or did, in seconds since 1970; 0 for never, and when it is not
 * here. */
gboolean pgp_check_encrypt(const char *fingerprint, gint64 *expiry,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* And is it fit to sign with, now? Whether its private half is here is not looked at. */
gboolean pgp_check_sign(const char *fingerprint, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the private half of FINGERPRINT here (on disk or card)? Never asks for a passphrase. */
gboolean pgp_has_secret(const char *fingerprint);
/* Where GnuPG keeps its files (g_free): $GNUPGHOME, else ~/.gnupg. GPGME would run five programs
 * to say so. */
char *pgp_home(void);

/* Another number, never 0, whenever private keys came or went. Calls nobody. */
gint64 pgp_secrets_stamp(void);

/* Does gpg-agent answer? Starts it, as gpg would. 75 "key.locked", 78 "openpgp.engine". */
gboolean pgp_agent_answers(GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is there somebody to be asked: a terminal behind stdin, stdout or stderr, or one (GPG_TTY) or a
 * desktop (DISPLAY, WAYLAND_DISPLAY) that this process's environment names? From cron there is not,
 * though an agent that was started on a desktop would ask there, and wait. */
gboolean pgp_may_ask(void);
/* From now on there is not, in this process. */
void pgp_ask_nobody(void);
/* The program by which it would ask for a passphrase; NULL when that is not installed. */
char *pgp_pinentry(void);

/* Fingerprint of the key that is valid *and confirmed* (validity full or ultimate) for exactly that
 * ADDRESS; else 78 "key.missing" / "key.untrusted" naming the recipient and the remedy. 78
 * "key.changed" names both keys when beside the confirmed one lies a fit one that is not older and
 * not confirmed, or when the confirmed one may not be used any more and an unconfirmed one is
 * there: its owner may have changed keys, or somebody else wants to read his mail. */
char *pgp_find_recipient(const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The life of a key where none is said: long enough for a routine, and `status`, `doctor`, the log
 * and the metrics tell of its end KEYWATCH_DAYS ahead. */
#define PGP_KEY_YEARS 2
#define PGP_KEY_SECONDS ((gint64)PGP_KEY_YEARS * 365 * 24 * 60 * 60)

/* Makes a key (ed25519, cv25519) for "Name <address>" that expires in SECONDS, 0: never; its
 * fingerprint. With PASSPHRASE the agent asks for one, without nothing is asked and the key lies
 * open in the keyring. */
char *pgp_generate(const char *user_id, gboolean passphrase, gint64 seconds,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Encrypts a short secret to FINGERPRINTS (NULL-terminated), trusting them because they are
 * configured; binary OpenPGP. Public keys only. */
GBytes *pgp_wrap(char **fingerprints, const Secret *secret,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* N secrets of SIZE bytes each, each in a message of its own. gpg takes one at a time, so that as
 * many run as there are processors. All of them, or FALSE: then WRAPPED are all NULL. */
typedef struct {
    const guint8 *secret;
    GBytes *wrapped;
} PgpWrap;
gboolean pgp_wrap_all(char *const *fingerprints, PgpWrap *wraps, guint n, gsize size,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Key ids of the key FINGERPRINT and its subkeys; and is WRAPPED, as pgp_wrap() makes it, for one
 * of those among others? */
GStrv pgp_parts(const char *fingerprint, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean pgp_is_for(const guint8 *wrapped, gsize size, char *const *parts);
Secret *pgp_unwrap(const guint8 *wrapped, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, but the passphrase is asked for each time: the agent forgets first what it knows of the
 * keys that WRAPPED is for. 75 "key.locked" also when the agent cannot be told. */
Secret *pgp_unwrap_asking(const guint8 *wrapped, gsize size,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, but nobody is asked: 75 "key.locked" when the agent would need a passphrase or PIN. */
Secret *pgp_unwrap_quietly(const guint8 *wrapped, gsize size,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Encrypts (and, with SIGNER not NULL, signs) DATA for others; armored. */
GBytes *pgp_encrypt(char **fingerprints, const char *signer, GBytes *data,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Detached armored signature; *micalg gets "pgp-sha256" or the like (g_free). */
GBytes *pgp_sign(const char *signer, GBytes *data, char **micalg,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Decrypts DATA, which pgp-outline.h looked at first, so that nothing comes of what is not
 * encrypted or not protected against changes; nothing is returned unless integrity was verified.
 * Signatures inside are appended to SIGNATURES (Signature *; `whole` FALSE, `from_matches` against
 * FROM). KEYS, unless NULL, gets the session key; not when gpg.conf has gpg write a log to a file,
 * where it would stand. */
GBytes *pgp_decrypt(GBytes *data, const char *from, SessionKeys *keys, GPtrArray *signatures,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same by a session key, without the private key. */
GBytes *pgp_decrypt_again(GBytes *data, const char *from, const Secret *key, GPtrArray *signatures,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Verifies a detached signature over DATA, appending every signature found. */
gboolean pgp_verify(GBytes *data, GBytes *signature, const char *from, GPtrArray *signatures,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Verifies a text with its signature (RFC 9580, 7), appending every signature found; the text as it
 * was signed, or NULL when there is no verdict. */
GBytes *pgp_verify_clear(GBytes *data, const char *from, GPtrArray *signatures,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
