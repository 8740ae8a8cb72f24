/* pgpmime-internal — what the files that read protected mail share; the house uses pgpmime.h. */
#pragma once

#include "crypto/layer.h"
#include "crypto/pgpmime.h"

/* A signed part whose signature was looked at. */
typedef struct {
    guint covered; /* the part under it */
    int worst;     /* index of the worst of its signatures */
} Frame;

typedef struct {
    Reading *reading;
    Message *outer;   /* as it came; the reading's own unless that was found inside */
    const char *from; /* the outer From address, or NULL */
    OpenWay way;
    SessionKeys *keys;  /* or NULL */
    gboolean in_text;   /* the message was found encrypted within a text, which has no header */
    int base;           /* the worst of the signatures around the whole message, or -1 */
    guint verified;     /* parts and texts whose signature was looked at */
    guint texts_opened; /* encrypted ones, within a text */
    GArray *frames;     /* Frame */
} Opening;

/* A reading with nothing in it yet. */
Reading *reading_new(void);

/* Index of the worst signature from FIRST on, -1 for none; all of them get WHOLE. */
int reading_close_group(Reading *reading, guint first, gboolean whole);
/* The signature that covers part N: of the innermost frame, else that around the whole. */
int reading_signature_of(const Opening *opening, guint n);
/* No verdict at all: told as a fault of its own, not passed over. */
void reading_add_fault(Reading *reading, gboolean smime);
/* The one good signature over the whole; NULL when there is none, or one that is not good. */
const Signature *reading_whole_good(const Reading *reading);

/* Verifies what is signed in the reading's message, and makes its blocks. */
void reading_verify_parts(Opening *opening);
void reading_make_blocks(Opening *opening);

/* Opens the layer LAYER of MESSAGE: the bytes inside, or NULL. */
GBytes *reading_open_layer(Opening *opening, const Message *message, Layer layer, GError **error);

/* What the OpenPGP message SEALED, as pgp_outline_encrypted() gives it, holds; NULL when it may not
 * be opened, or cannot. */
GBytes *reading_decrypt(Opening *opening, GBytes *sealed, GError **error);

/* Puts protected header fields in the place of the outer ones (protected.h). */
void reading_protect_headers(Opening *opening);

/* What a reader should be told of the whole; see doubts.c. */
void reading_doubt(const Opening *opening);
