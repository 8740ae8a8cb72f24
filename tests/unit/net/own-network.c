/* See own-network.h. */
#define _GNU_SOURCE /* unshare */
#include "tests/unit/net/own-network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct {
    GResolverClass parent;
} FakeResolverClass;

static GType fake_resolver_get_type(void);
G_DEFINE_TYPE(FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static struct addrinfo *one_address(const char *text)
{
    struct addrinfo *one = g_new0(struct addrinfo, 1);
    g_autoptr(GInetAddress) bare = g_inet_address_new_from_string(text);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(bare, 0);
    gssize size = g_socket_address_get_native_size(address);
    one->ai_addr = g_malloc0((gsize)size);
    one->ai_addrlen = (socklen_t)size;
    assert_true(g_socket_address_to_native(address, one->ai_addr, (gsize)size, NULL));
    one->ai_family = one->ai_addr->sa_family;
    return one;
}

static void give_up(GCancellable *cancellable, gpointer task)
{
    (void)cancellable;
    (void)g_task_return_error_if_cancelled(task);
}

static FakeResolver *current;

/* In place of the C library's, from a thread. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)host, (void)service;
    assert_true(hints->ai_flags & AI_CANONNAME);
    struct addrinfo **end = found;
    char text[INET6_ADDRSTRLEN];
    *found = NULL;
    g_atomic_int_inc(&current->asked);
    while (current->hangs)
        g_usleep(G_USEC_PER_SEC / 100);
    for (guint i = current->many; i > 0; i--, end = &(*end)->ai_next) {
        (void)g_snprintf(text, sizeof text, "127.0.%u.%u", i >> 8, i & 0xff);
        *end = one_address(text);
    }
    for (const char *const *one = current->answer; one && *one; one++, end = &(*end)->ai_next)
        *end = one_address(*one);
    if (*found)
        (*found)->ai_canonname = g_strdup(current->canonical);
    return *found ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found) {
        struct addrinfo *next = found->ai_next;
        g_free(found->ai_canonname);
        g_free(found->ai_addr);
        g_free(found);
        found = next;
    }
}

static GList *fake_finish(GResolver *resolver, GAsyncResult *result, GError **error)
{
    (void)resolver;
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* "NAME PRIORITY WEIGHT PORT TARGET"; MANY instead: so many of one name. */
static GList *records_of(const FakeResolver *self, const char *name)
{
    GList *list = NULL;
    for (const char *const *record = self->records; record && *record; record++) {
        g_auto(GStrv) words = g_strsplit(*record, " ", 5);
        guint16 numbers[3];
        for (guint i = 0; i < 3; i++)
            numbers[i] = (guint16)g_ascii_strtoull(words[i + 1], NULL, 10);
        for (guint i = 0; g_str_equal(words[0], name) && i < MAX(self->many, 1); i++)
            list =
                g_list_append(list, g_variant_ref_sink(g_variant_new(
                                        "(qqqs)", numbers[0], numbers[1], numbers[2], words[4])));
    }
    return list;
}

static void free_records(gpointer list)
{
    g_list_free_full(list, (GDestroyNotify)g_variant_unref);
}

static void fake_records_async(GResolver *resolver, const char *name, GResolverRecordType type,
                               GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user)
{
    FakeResolver *self = (FakeResolver *)resolver;
    GTask *task = g_task_new(resolver, cancellable, callback, user);
    g_string_append_printf(self->names, "%s ", name);
    if (self->hangs) {
        g_cancellable_connect(cancellable, G_CALLBACK(give_up), task, g_object_unref);
        return;
    }
    GList *list = type == G_RESOLVER_RECORD_SRV ? records_of(self, name) : NULL;
    if (self->fails)
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE,
                                "nobody answers");
    else if (list)
        g_task_return_pointer(task, g_steal_pointer(&list), free_records);
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no records");
    free_records(list);
    g_object_unref(task);
}

static void fake_resolver_init(FakeResolver *self)
{
    self->names = g_string_new(NULL);
}

static void fake_resolver_finalize(GObject *object)
{
    g_string_free(((FakeResolver *)object)->names, TRUE);
    G_OBJECT_CLASS(fake_resolver_parent_class)->finalize(object);
}

static void fake_resolver_class_init(FakeResolverClass *class)
{
    class->parent.lookup_records_async = fake_records_async;
    class->parent.lookup_records_finish = fake_finish;
    G_OBJECT_CLASS(class)->finalize = fake_resolver_finalize;
}

FakeResolver *fake_resolver_new(void)
{
    FakeResolver *resolver = g_object_new(fake_resolver_get_type(), NULL);
    g_resolver_set_default((GResolver *)resolver);
    current = resolver;
    return resolver;
}

static gboolean loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

gboolean own_network(void)
{
    return (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
           loopback_up();
}
