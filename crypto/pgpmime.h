/*
 * pgpmime — opens and makes PGP/MIME (RFC 3156) and says what was protected by whom (P7).
 */
#pragma once

#include "core/letter.h"
#include "mime/compose.h"
#include "mime/message.h"

/* A stretch of shown text and what stands behind it. */
typedef struct {
    guint part;    /* number in Reading.message */
    char *text;    /* UTF-8, not yet made safe for a terminal */
    int signature; /* index into protection->signatures, -1 for none */
    gboolean encrypted;
} Block;

typedef struct {
    Message *message;  /* the message a reader sees: the inner one when the root was
                          encrypted, under its protected header fields when there are any */
    GPtrArray *blocks; /* Block * in reading order */
    Protection *protection;
    GError *locked; /* why an encrypted root stayed closed, or NULL */
} Reading;

/*
 * Parses BYTES; decrypts only an encrypted *root* part (a part further in stays closed: it is
 * how decryption oracles are built), verifies multipart/signed at the root, inside the
 * decrypted root, and further in (covers "part"). With DECRYPT FALSE gpg is not called at all.
 */
Reading *reading_open(GBytes *bytes, gboolean decrypt);
void reading_free(Reading *reading);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

/* The index document of a reading: body text only as SHARE allows is the caller's business. */
IndexDoc *reading_index_doc(const Reading *reading);

/*
 * The finished letter: plain, signed, encrypted or both. ENCRYPT_TO is NULL or a
 * NULL-terminated list of fingerprints; SIGNER NULL or a fingerprint.
 */
GBytes *pgpmime_finish(const Letter *letter, const LetterIdentity *identity, char **encrypt_to,
                       const char *signer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
