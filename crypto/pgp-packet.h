/*
 * pgp-packet — heads of OpenPGP packets (RFC 9580, 4.2), old and new form. Pure.
 */
#pragma once

#include "core/cursor.h"

/* Types (RFC 9580, 5) that somebody here asks for. */
enum {
    PACKET_PUBLIC_KEY_ESK = 1,
    PACKET_SIGNATURE = 2,
    PACKET_PASSPHRASE_ESK = 3,
    PACKET_PUBLIC_KEY = 6,
    PACKET_UNPROTECTED = 9,
    PACKET_MARKER = 10,
    PACKET_TRUST = 12,
    PACKET_USER_ID = 13,
    PACKET_PUBLIC_SUBKEY = 14,
    PACKET_USER_ATTRIBUTE = 17,
    PACKET_PROTECTED = 18,
    PACKET_AEAD = 20,
};

typedef struct {
    guint tag;
    gsize size; /* of the body; of its first piece when PARTIAL */
    gboolean partial;
} PgpPacket;

/* Reads a head; one of the old form without a length goes to the end. CURSOR fails when there is
 * none. */
PgpPacket pgp_packet_head(Cursor *cursor);
/* Behind a piece of a PARTIAL body: the size of the next one, and whether more follow. */
void pgp_packet_piece(Cursor *cursor, PgpPacket *packet);
