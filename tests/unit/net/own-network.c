/* See own-network.h. */
#define _GNU_SOURCE /* unshare */
#include "tests/unit/net/own-network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    GResolverClass parent;
} FakeResolverClass;

static GType fake_resolver_get_type(void);
G_DEFINE_TYPE(FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static void give_up(GCancellable *cancellable, gpointer task)
{
    (void)cancellable;
    (void)g_task_return_error_if_cancelled(task);
}

static void fake_async(GResolver *resolver, const char *host, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user)
{
    (void)host;
    FakeResolver *self = (FakeResolver *)resolver;
    GTask *task = g_task_new(resolver, cancellable, callback, user);
    GList *list = NULL;
    self->asked++;
    if (self->hangs) {
        g_cancellable_connect(cancellable, G_CALLBACK(give_up), task, g_object_unref);
        return;
    }
    /* Different ones: GResolver leaves out doubles. */
    for (guint i = self->many; i > 0; i--) {
        const guint8 bytes[] = {127, 0, (guint8)(i >> 8), (guint8)i};
        list = g_list_prepend(list, g_inet_address_new_from_bytes(bytes, G_SOCKET_FAMILY_IPV4));
    }
    for (const char *const *one = self->answer; one && *one; one++)
        list = g_list_append(list, g_inet_address_new_from_string(*one));
    if (list)
        g_task_return_pointer(task, list, (GDestroyNotify)g_resolver_free_addresses);
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
    g_object_unref(task);
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
    class->parent.lookup_by_name_async = fake_async;
    class->parent.lookup_by_name_finish = fake_finish;
    class->parent.lookup_records_async = fake_records_async;
    class->parent.lookup_records_finish = fake_finish;
    G_OBJECT_CLASS(class)->finalize = fake_resolver_finalize;
}

FakeResolver *fake_resolver_new(void)
{
    FakeResolver *resolver = g_object_new(fake_resolver_get_type(), NULL);
    g_resolver_set_default((GResolver *)resolver);
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
