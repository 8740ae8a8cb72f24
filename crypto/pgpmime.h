/*
 * pgpmime — opens and makes protected mail and says what was protected by whom (P7): PGP/MIME
 * (RFC 3156), OpenPGP within a text, S/MIME (RFC 8551).
 */
#pragma once

#include "core/letter.h"
#include "crypto/session.h"
#include "mime/compose.h"
#include "mime/message.h"

/* A stretch of shown text and what stands behind it. */
typedef struct {
    guint part;    /* number in Reading.message */
    char *text;    /* UTF-8, not yet made safe for a terminal */
    int signature; /* index into protection->signatures, -1 for none */
    gboolean encrypted;
    char *closed; /* an encrypted text that was not opened: why; else NULL */
} Block;

typedef struct {
    Message *message;  /* the message a reader sees: the inner one when the root was
                          encrypted, under its protected header fields when there are any */
    GPtrArray *blocks; /* Block * in reading order */
    Protection *protection;
    GBytes *file; /* of reading_open_part() alone: the bytes of what is no message; else NULL */
    gboolean is_signed; /* a signature is there, whether it was looked at or not */
    GError *locked;     /* why an encrypted root stayed closed, or NULL */
} Reading;

/*
 * Parses BYTES; decrypts only an encrypted *root* part, below a signature perhaps (a part further
 * in stays closed: it is how decryption oracles are built), verifies what is signed at the root,
 * inside the decrypted root, and further in (covers "part"), and what stands signed within a text.
 * Of texts encrypted within a text, only those of a root that is plain text are opened. With
 * DECRYPT FALSE neither gpg nor gpgsm is called at all.
 */
Reading *reading_open(GBytes *bytes, gboolean decrypt);

/* What may be done to open what is encrypted. */
typedef enum {
    OPEN_NOT,   /* nothing: no gpg is called */
    OPEN_AGAIN, /* what KEYS opens; the private key is not used */
    OPEN_ANY,
} OpenWay;
/* The same, by the session KEYS of an earlier time, which get those of OpenPGP messages that are
 * opened now; they may be NULL. What OPEN_AGAIN leaves closed is `locked` with 75 "key.locked". */
Reading *reading_open_by(GBytes *bytes, OpenWay way, SessionKeys *keys);
void reading_free(Reading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

/* Is part N encrypted (or, in S/MIME, signed around its content) and was left closed? */
gboolean reading_part_closed(const Reading *reading, guint n);

/*
 * Opens such a part by itself: the reading of what it holds, whose message has no header fields,
 * or, where that is a file, its bytes in `file`. Nothing of the letter around it comes along, so
 * that a foreign cipher text hidden in it is seen for what it is, by who asked for just this part.
 */
Reading *reading_open_part(const Reading *reading, guint n,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Warns of senders that look like one of ADDRESSES or DOMAINS and are not; NULL-terminated. */
void reading_compare(Reading *reading, char **addresses, char **domains);

/* What the letter says of others' keys under its encryption, see autocrypt_gossip(); NULL for
 * nothing, and for all that is not encrypted, or was left closed. */
GPtrArray *reading_gossip(const Reading *reading);

/* The index document of a reading: body text only as SHARE allows is the caller's business. */
IndexDoc *reading_index_doc(const Reading *reading);

/*
 * The finished letter: plain, signed, encrypted or both. ENCRYPT_TO is NULL or a
 * NULL-terminated list of fingerprints; SIGNER NULL or a fingerprint.
 */
GBytes *pgpmime_finish(const Letter *letter, const LetterIdentity *identity, char **encrypt_to,
                       const char *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
