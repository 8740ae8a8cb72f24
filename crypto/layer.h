/*
 * layer — which part of a message is a protection around others: PGP/MIME (RFC 3156) and S/MIME
 * (RFC 8551). Structure alone; nothing is opened.
 */
#pragma once

#include "mime/message.h"

typedef enum {
    LAYER_NONE,
    LAYER_PGP_ENCRYPTED,
    LAYER_PGP_SIGNED,
    LAYER_SMIME_SIGNED, /* multipart/signed */
    LAYER_SMIME,        /* one part that holds CMS: enveloped, or signed with its content inside */
    LAYER_BROKEN,       /* says that it is encrypted, and is not built so */
} LayerKind;

typedef struct {
    LayerKind kind;
    guint content;   /* what is covered, or the cipher text */
    guint signature; /* of the signed ones */
} Layer;

Layer layer_of(const Message *message, guint n);

/* Does part N hold what may be opened alone: a layer further in, or an OpenPGP message as a file?
 */
typedef enum { CLOSED_NOT, CLOSED_LAYER, CLOSED_FILE } ClosedKind;
ClosedKind layer_closed(const Message *message, guint n);
