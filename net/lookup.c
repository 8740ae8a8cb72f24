/* See lookup.h. */
#include "net/lookup.h"

#include <glib-unix.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"

static gboolean lookup_late(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static gboolean lookup_stopped(int fd, GIOCondition condition, gpointer cancellable)
{
    (void)fd, (void)condition;
    return lookup_late(cancellable);
}

static GSource *stop_source(int stop_fd, GCancellable *cancellable, GMainContext *context)
{
    GSource *source = g_unix_fd_source_new(stop_fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(lookup_stopped), cancellable, NULL);
    g_source_attach(source, context);
    return source;
}

void lookup_run(const guint *waiting, int stop_fd, LookupAsker ask, gpointer user)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GSource) late = g_timeout_source_new(LIMIT_CONNECT_MS);
    g_main_context_push_thread_default(context);
    g_source_set_callback(late, lookup_late, cancellable, NULL);
    g_source_attach(late, context);
    GSource *stop = stop_fd >= 0 ? stop_source(stop_fd, cancellable, context) : NULL;
    ask(resolver, cancellable, user);
    while (*waiting > 0)
        (void)g_main_context_iteration(context, TRUE);
    g_source_destroy(late);
    if (stop) {
        g_source_destroy(stop);
        g_source_unref(stop);
    }
    g_main_context_pop_thread_default(context);
}

gboolean lookup_failed(const char *name, const GError *failure, int stop_fd, GError **error)
{
    if (interrupted(stop_fd, error))
        return FALSE;
    if (g_error_matches(failure, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return refuse(
            error, POSTERN_ERROR_TEMPORARY, "server.timeout", "look at this machine's DNS",
            "no name server said where %s is within %d seconds", name, LIMIT_CONNECT_MS / 1000);
    g_autofree char *words = text_field(failure->message);
    return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.dns",
                  "look at the server's name and at this machine's DNS", "%s cannot be found: %s",
                  name, words);
}
