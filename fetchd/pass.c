/* See pass.h. */
#include "fetchd/pass.h"

#include "core/error.h"

/* Bytes of one message after which progress is told within it. */
#define TELL_BYTES (256 * 1024)

static void tell_progress(Pass *pass)
{
    pass->told = pass->bytes;
    if (pass->run->progress)
        pass->run->progress(pass->run->user, pass->account->name, pass->done, pass->total,
                            pass->bytes);
}

gboolean pass_take_start(gpointer user, GError **error)
{
    Pass *pass = *(Pass **)user;
    return vault_message_start(pass->writer, error);
}

gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Pass *pass = *(Pass **)user;
    pass->bytes += size;
    if (pass->bytes - pass->told >= TELL_BYTES)
        tell_progress(pass);
    return vault_message_write(pass->writer, bytes, size, error);
}

gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error)
{
    if (!vault_message_finish(pass->writer, arrival, error))
        return FALSE;
    pass->done++;
    tell_progress(pass);
    return TRUE;
}

gboolean pass_commit(Pass *pass, GError **error)
{
    guint stored = 0, known = 0;
    if (!vault_commit(pass->writer, &stored, &known, error))
        return FALSE;
    pass->outcome->stored += stored;
    pass->outcome->known += known;
    return TRUE;
}

gboolean pass_get(Pass *pass, const GArray *ranges, const MessageTaker *taker, GError **error)
{
    const NumberRange *first = (const NumberRange *)(void *)ranges->data;
    gboolean ok = pass->fetcher->get(pass->fetcher, first, ranges->len, taker, error);
    if (!ok)
        vault_message_abort(pass->writer);
    return ok;
}

gboolean pass_said_no(const GError *failure)
{
    const char *rule = postern_error_rule(failure);
    return g_strcmp0(rule, "server.refused") == 0 || g_strcmp0(rule, "server.busy") == 0;
}

gboolean pass_goes_on(Pass *pass, GError *failure, const char *what, GError **error)
{
    if (!pass_said_no(failure) && g_strcmp0(postern_error_rule(failure), "server.count") != 0) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (pass->noes++ == 0)
        refuse(&pass->no, failure->code, postern_error_rule(failure), postern_error_mend(failure),
               "%s: %s", what, failure->message);
    g_error_free(failure);
    return TRUE;
}

gboolean pass_end(Pass *pass, GError **error)
{
    if (pass->no == NULL)
        return TRUE;
    g_autoptr(GError) no = g_steal_pointer(&pass->no);
    if (pass->noes == 1)
        g_propagate_error(error, g_steal_pointer(&no));
    else
        refuse(error, no->code, postern_error_rule(no), postern_error_mend(no), "%s (and %u more)",
               no->message, pass->noes - 1);
    return FALSE;
}
