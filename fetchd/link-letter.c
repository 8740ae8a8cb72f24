/* See link.h: letters, one after the other over one connection. */
#include "core/error.h"
#include "fetchd/link-state.h"

/* A letter is several commands, and after the last the server may scan it. */
#define LETTER_MS (LIMIT_DELIVERY_MS + 2 * COMMAND_MS)

Link *link_mailer(const LinkTarget *target, GError **error)
{
    return link_open(target, error);
}

static void clear_refusal(gpointer reason)
{
    if (reason)
        g_error_free(reason);
}

GPtrArray *link_refusals_new(void)
{
    return g_ptr_array_new_with_free_func(clear_refusal);
}

typedef struct {
    Link *link;
    LetterWay *way;
    gboolean gone; /* the child may send the last dot */
} LetterCall;

static gboolean take_refused(const LetterCall *call, const Frame *frame, GError **error)
{
    guint n;
    g_autoptr(GError) reason = NULL;
    if (!record_get_refused(frame, &n, &reason, error))
        return FALSE;
    GPtrArray *refused = call->way->refused;
    if (call->gone || n >= refused->len || refused->pdata[n])
        return link_out_of_order(error);
    refused->pdata[n] = g_steal_pointer(&reason);
    return TRUE;
}

static gboolean any_taken(const LetterWay *way)
{
    for (guint i = 0; i < way->refused->len; i++)
        if (way->refused->pdata[i] == NULL)
            return TRUE;
    return FALSE;
}

static gboolean take_step(gpointer user, const Frame *frame, GError **error)
{
    LetterCall *call = user;
    const LetterWay *way = call->way;
    if (frame->type == WIRE_REFUSED)
        return take_refused(call, frame, error);
    if (frame->type != WIRE_DOT || call->gone || !any_taken(way))
        return link_out_of_order(error);
    if (way->dot && !way->dot(way->user, way->refused, error))
        return FALSE;
    call->gone = TRUE;
    return wire_put(call->link->wire, WIRE_GO, NULL, 0, error) &&
           wire_flush(call->link->wire, error);
}

static gboolean says(const GError *failure, const char *rule)
{
    return g_strcmp0(postern_error_rule(failure), rule) == 0;
}

/* The server's no to the whole letter. */
static gboolean is_verdict(const GError *failure)
{
    return says(failure, "send.rejected") || says(failure, "send.deferred");
}

/* Once the dot may be out, the letter may be there, whatever becomes of the child or of us. */
static gboolean await_delivery(LetterCall *call, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (link_await(call->link, LETTER_MS, take_step, call, &failure))
        return call->gone || link_out_of_order(error);
    if (call->gone && !is_verdict(failure) && !says(failure, "send.doubt"))
        return refuse(error, POSTERN_ERROR_TEMPORARY, "send.doubt",
                      "ask a recipient before you send it again",
                      "the letter may have been sent: %s", failure->message);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* The header ends at the first empty line. */
static guint needs_of(const guint8 *bytes, gsize size)
{
    gsize at = 0;
    while (at < size && bytes[at] < 0x80)
        at++;
    if (at == size)
        return 0;
    gboolean inside = g_strstr_len((const char *)bytes, (gssize)at, "\r\n\r\n") == NULL;
    return LETTER_8BIT | (inside ? LETTER_UTF8 : 0);
}

gboolean link_letter(Link *link, const char *from, const GPtrArray *recipients, GBytes *letter,
                     LetterWay *way, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(letter, &size);
    LetterCall call = {link, way, FALSE};
    const LetterEnvelope envelope = {from, recipients, size, needs_of(bytes, size), way->notice};
    g_ptr_array_set_size(way->refused, 0);
    g_ptr_array_set_size(way->refused, (gint)recipients->len);
    record_put_letter(link->record, &envelope);
    if (!link_put(link, WIRE_LETTER, error))
        return FALSE;
    for (gsize at = 0; at < size; at += LIMIT_FRAME)
        if (!wire_put(link->wire, WIRE_DATA, bytes + at, MIN(size - at, LIMIT_FRAME), error))
            return FALSE;
    return wire_put(link->wire, WIRE_END, NULL, 0, error) && await_delivery(&call, error);
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
