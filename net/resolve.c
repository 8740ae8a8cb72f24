/* See resolve.h. */
#include "net/resolve.h"

#include <netdb.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/lookup.h"
#include "policy/endpoint.h"

typedef struct {
    const char *host;
    struct addrinfo *found;
    GError *error;
    guint waiting;
} Question;

static void free_found(gpointer found)
{
    freeaddrinfo(found);
}

/* In a thread of its own, which nobody waits for once the question is cancelled. */
static void ask_library(GTask *task, gpointer source, gpointer host, GCancellable *cancellable)
{
    (void)source, (void)cancellable;
    const struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG | AI_CANONNAME,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int problem = getaddrinfo(host, NULL, &hints, &found);
    if (problem == 0)
        g_task_return_pointer(task, found, free_found);
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "%s",
                                gai_strerror(problem));
}

static void answered(GObject *source, GAsyncResult *result, gpointer user)
{
    (void)source;
    Question *question = user;
    question->found = g_task_propagate_pointer(G_TASK(result), &question->error);
    question->waiting = 0;
}

static void ask(GResolver *resolver, GCancellable *cancellable, gpointer user)
{
    (void)resolver;
    Question *question = user;
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, answered, question);
    question->waiting = 1;
    g_task_set_return_on_cancel(task, TRUE);
    g_task_set_task_data(task, g_strdup(question->host), g_free);
    g_task_run_in_thread(task, ask_library);
}

/* A name in the DNS may hold what a host's may not, in front of a provider's domain. */
static gboolean is_freemail(const char *name)
{
    for (; name; name = strchr(name, '.')) {
        name += *name == '.';
        if (freemail_domain(name))
            return TRUE;
    }
    return FALSE;
}

static gboolean alias_allowed(const char *host, const char *canonical, GError **error)
{
    if (canonical == NULL || !is_freemail(canonical))
        return TRUE;
    g_autofree char *shown = text_name(canonical);
    return refuse(error, POSTERN_ERROR_POLICY, "server.freemail",
                  "use the company's own mail server, and ask who runs the company's DNS",
                  "%s is another name for %s, which belongs to a freemail provider", host, shown);
}

/* NULL when there are too many. */
static GList *addresses_of(const struct addrinfo *found)
{
    GList *list = NULL;
    guint n = 0;
    for (const struct addrinfo *at = found; at && n <= LIMIT_ADDRESSES; at = at->ai_next) {
        g_autoptr(GSocketAddress) one =
            g_socket_address_new_from_native(at->ai_addr, at->ai_addrlen);
        if (!G_IS_INET_SOCKET_ADDRESS(one))
            continue;
        n++;
        list = g_list_prepend(
            list, g_object_ref(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(one))));
    }
    if (n > LIMIT_ADDRESSES)
        g_resolver_free_addresses(g_steal_pointer(&list));
    return g_list_reverse(list);
}

static GList *judge(const char *host, const struct addrinfo *found, GError **error)
{
    if (!alias_allowed(host, found->ai_canonname, error))
        return NULL;
    GList *addresses = addresses_of(found);
    if (addresses == NULL)
        refuse(error, POSTERN_ERROR_UNREACHABLE, "server.dns", "ask who runs the company's DNS",
               "%s has no address, or more than %d", host, LIMIT_ADDRESSES);
    return addresses;
}

GList *resolve_host(const char *host, int stop_fd, GError **error)
{
    Question question = {.host = host};
    GList *addresses = NULL;
    lookup_run(&question.waiting, stop_fd, ask, &question);
    if (question.error)
        (void)lookup_failed(host, question.error, stop_fd, error);
    else
        addresses = judge(host, question.found, error);
    if (question.found)
        freeaddrinfo(question.found);
    g_clear_error(&question.error);
    return addresses;
}
