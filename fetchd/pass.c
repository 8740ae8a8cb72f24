/* See pass.h. */
#include "fetchd/pass.h"

#include "core/error.h"

gboolean pass_take_start(gpointer user, GError **error)
{
    Pass *pass = *(Pass **)user;
    return vault_message_start(pass->writer, error);
}

gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Pass *pass = *(Pass **)user;
    pass->bytes += size;
    return vault_message_write(pass->writer, bytes, size, error);
}

gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error)
{
    if (!vault_message_finish(pass->writer, arrival, error))
        return FALSE;
    pass->done++;
    if (pass->run->progress)
        pass->run->progress(pass->run->user, pass->account->name, pass->done, pass->total,
                            pass->bytes);
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
