/* See link.h: letters, one after the other over one connection. */
#include "core/error.h"
#include "fetchd/link-state.h"

/* A letter is several commands, and after the last the server may scan it. */
#define LETTER_MS (LIMIT_DELIVERY_MS + 2 * COMMAND_MS)

Link *link_mailer(const LinkTarget *target, GError **error)
{
    return link_open(target, error);
}

/* The last byte of the letter is with the child: when that is lost, so is the answer. */
static gboolean await_delivery(Link *link, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (link_await(link, LETTER_MS, NULL, NULL, &failure))
        return TRUE;
    if (g_str_has_prefix(postern_error_rule(failure), "net."))
        return refuse(error, POSTERN_ERROR_TEMPORARY, "send.doubt",
                      "ask a recipient before you send it again",
                      "the letter may have been sent: %s", failure->message);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean link_letter(Link *link, const char *from, const GPtrArray *recipients, GBytes *letter,
                     GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(letter, &size);
    record_put_letter(link->record, from, recipients, size);
    if (!link_put(link, WIRE_LETTER, error))
        return FALSE;
    for (gsize at = 0; at < size; at += LIMIT_FRAME)
        if (!wire_put(link->wire, WIRE_DATA, bytes + at, MIN(size - at, LIMIT_FRAME), error))
            return FALSE;
    return wire_put(link->wire, WIRE_END, NULL, 0, error) && await_delivery(link, error);
}

void link_mailer_part(Link *link)
{
    /* The server has what it took; a bad good-bye changes nothing. */
    (void)link->fetcher.quit(&link->fetcher, NULL);
    link_close(link, NULL);
}

void link_mailer_drop(Link *link, GError **failure)
{
    link_close(link, failure);
}
