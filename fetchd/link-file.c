/* See link-state.h: the copy of a letter on its way to a mailbox. */
#include "fetchd/link-state.h"

/* Opening, looking and putting are a command each. */
#define FILE_MS (3 * COMMAND_MS)

static gboolean put_letter(Link *link, const Filed *filed, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(LIMIT_FRAME);
    gssize got;
    while ((got = source_read(filed->letter, buffer, LIMIT_FRAME, error)) > 0)
        if (!wire_put(link->wire, WIRE_DATA, buffer, (gsize)got, error))
            return FALSE;
    return got == 0 && wire_put(link->wire, WIRE_END, NULL, 0, error);
}

gboolean link_file(Fetcher *fetcher, const Filed *filed, GError **error)
{
    Link *link = (Link *)fetcher;
    gint64 ms = FILE_MS + (gint64)(filed->size * 1000 / LIMIT_BODY_RATE);
    record_put_file(link->record, filed);
    return link_put(link, WIRE_FILE, error) && put_letter(link, filed, error) &&
           link_await(link, ms, NULL, NULL, error);
}
