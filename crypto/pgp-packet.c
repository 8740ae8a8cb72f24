/* See pgp-packet.h. */
#include "crypto/pgp-packet.h"

static gsize read_number(Cursor *cursor, guint width)
{
    gsize number = 0;
    for (guint i = 0; i < width; i++)
        number = number << 8 | cursor_u8(cursor);
    return number;
}

void pgp_packet_piece(Cursor *cursor, PgpPacket *packet)
{
    gsize first = cursor_u8(cursor);
    packet->partial = first >= 224 && first < 255;
    packet->size = first;
    if (first == 255)
        packet->size = read_number(cursor, 4);
    else if (packet->partial)
        packet->size = (gsize)1 << (first & 31);
    else if (first >= 192)
        packet->size = ((first - 192) << 8) + cursor_u8(cursor) + 192;
}

PgpPacket pgp_packet_head(Cursor *cursor)
{
    guint8 head = cursor_u8(cursor);
    PgpPacket packet = {.tag = head & 0x3f};
    cursor->failed |= !(head & 0x80);
    if (head & 0x40) {
        pgp_packet_piece(cursor, &packet);
        return packet;
    }
    packet.tag = head >> 2 & 0x0f;
    packet.size = (head & 3) == 3 ? cursor->left : read_number(cursor, 1u << (head & 3));
    return packet;
}
