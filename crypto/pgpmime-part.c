/* See pgpmime.h: a part that was left closed, opened by itself. */
#include "crypto/pgpmime-internal.h"

gboolean reading_part_closed(const Reading *reading, guint n)
{
    return layer_closed(reading->message, n) != CLOSED_NOT;
}

/* What was inside is a message of its own: its text, its signatures, nothing at its head. */
static void take_message(Opening *opening, GBytes *plain)
{
    Reading *reading = opening->reading;
    reading->message = message_parse(plain);
    message_take_headers(reading->message, message_part_headers(reading->message, 0));
    reading_verify_parts(opening);
    reading_make_blocks(opening);
}

Reading *reading_open_part(const Reading *reading, guint n, GError **error)
{
    g_autoptr(Reading) part = reading_new();
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    Opening opening = {.reading = part, .way = OPEN_ANY, .base = -1, .frames = frames};
    Layer layer = layer_of(reading->message, n);
    gboolean file = layer_closed(reading->message, n) == CLOSED_FILE;
    if (file)
        layer = (Layer){LAYER_PGP_ENCRYPTED, n, 0};
    g_autoptr(GBytes) plain = reading_open_layer(&opening, reading->message, layer, error);
    if (plain == NULL)
        return NULL;
    opening.base = reading_close_group(part, 0, TRUE);
    if (file)
        part->file = g_steal_pointer(&plain);
    else
        take_message(&opening, plain);
    return g_steal_pointer(&part);
}
