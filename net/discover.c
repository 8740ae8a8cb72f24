/* See discover.h. */
#include "net/discover.h"

#include <gio/gio.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/lookup.h"
#include "policy/domain.h"

typedef struct {
    char *name; /* "_imaps._tcp.corp.example" */
    Scheme scheme;
    GList *records; /* GVariant (qqqs) */
    GError *error;
    GList *targets; /* GSrvTarget, the best first */
    guint *waiting;
} Service;

/* The preferred one first. */
typedef struct {
    Service services[2];
    guint waiting;
} Search;

static void search_init(Search *search, const char *domain, gboolean submits)
{
    static const struct {
        const char *label;
        Scheme scheme;
    } known[2][2] = {
        {{"_imaps", SCHEME_IMAPS}, {"_pop3s", SCHEME_POPS}},
        {{"_submissions", SCHEME_SMTPS}, {"_submission", SCHEME_SUBMISSION}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(search->services); i++)
        search->services[i] = (Service){
            .name = g_strdup_printf("%s._tcp.%s", known[submits ? 1 : 0][i].label, domain),
            .scheme = known[submits ? 1 : 0][i].scheme,
            .waiting = &search->waiting,
        };
}

static void search_clear(Search *search)
{
    for (guint i = 0; i < G_N_ELEMENTS(search->services); i++) {
        Service *service = &search->services[i];
        g_free(service->name);
        g_list_free_full(service->records, (GDestroyNotify)g_variant_unref);
        g_resolver_free_targets(service->targets);
        g_clear_error(&service->error);
    }
}

static void answered(GObject *resolver, GAsyncResult *result, gpointer user)
{
    Service *service = user;
    service->records =
        g_resolver_lookup_records_finish(G_RESOLVER(resolver), result, &service->error);
    --*service->waiting;
}

static void ask(GResolver *resolver, GCancellable *cancellable, gpointer user)
{
    Search *search = user;
    search->waiting = G_N_ELEMENTS(search->services);
    for (guint i = 0; i < G_N_ELEMENTS(search->services); i++)
        g_resolver_lookup_records_async(resolver, search->services[i].name, G_RESOLVER_RECORD_SRV,
                                        cancellable, answered, &search->services[i]);
}

/* RFC 2782: the target "." says that the service is decidedly not there. */
static gboolean says_no(const char *target)
{
    return *target == '\0' || g_str_equal(target, ".");
}

/* Records into targets, in the order of RFC 2782. */
static gboolean line_up(Service *service, int stop_fd, GError **error)
{
    if (g_error_matches(service->error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
        return TRUE;
    if (service->error)
        return lookup_failed(service->name, service->error, stop_fd, error);
    if (g_list_length(service->records) > LIMIT_ADDRESSES)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.dns",
                      "ask who runs the company's DNS", "%s names more than %d servers",
                      service->name, LIMIT_ADDRESSES);
    for (GList *at = service->records; at; at = at->next) {
        guint16 priority, weight, port;
        const char *target;
        g_variant_get(at->data, "(qqq&s)", &priority, &weight, &port, &target);
        if (!says_no(target))
            service->targets =
                g_list_prepend(service->targets, g_srv_target_new(target, port, priority, weight));
    }
    service->targets = g_srv_target_list_sort(service->targets);
    return TRUE;
}

/* A name in DNS may hold any byte; those that have a meaning in a URI must not get into one. */
static VettedEndpoint *vet(Scheme scheme, GSrvTarget *target, const char *login,
                           const Company *company, GError **error)
{
    const char *host = g_srv_target_get_hostname(target);
    if (host[strspn(host, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._")] != '\0') {
        refuse(error, POSTERN_ERROR_POLICY, "server.uri", "correct the record in the DNS",
               "that is not a host name");
        return NULL;
    }
    g_autofree char *user = g_uri_escape_string(login, NULL, FALSE);
    g_autofree char *uri = g_strdup_printf("%s://%s@%s:%u", scheme_name(scheme), user, host,
                                           (guint)g_srv_target_get_port(target));
    return endpoint_vet(uri, company, error);
}

static gboolean refuse_target(const Service *service, GSrvTarget *target, const GError *why,
                              GError **error)
{
    g_autofree char *whole = text_domain(g_srv_target_get_hostname(target));
    g_autofree char *shown = text_fit(whole, 255);
    return refuse(error, POSTERN_ERROR_POLICY, postern_error_rule(why),
                  "name the server yourself, and ask who runs the company's DNS",
                  "%s names %s port %u: %s", service->name, shown,
                  (guint)g_srv_target_get_port(target), why->message);
}

/* The first target, when all of them may be talked to. */
static VettedEndpoint *take(const Service *service, const char *login, const Company *company,
                            GError **error)
{
    g_autoptr(VettedEndpoint) first = NULL;
    for (GList *at = service->targets; at; at = at->next) {
        g_autoptr(GError) why = NULL;
        g_autoptr(VettedEndpoint) endpoint = vet(service->scheme, at->data, login, company, &why);
        if (endpoint == NULL) {
            refuse_target(service, at->data, why, error);
            return NULL;
        }
        first = first ? first : g_steal_pointer(&endpoint);
    }
    return g_steal_pointer(&first);
}

/* The service to take, or NULL when none is offered. */
static const Service *better(const Search *search)
{
    const Service *chosen = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(search->services); i++) {
        const Service *service = &search->services[i];
        if (service->targets &&
            (chosen == NULL || g_srv_target_get_priority(service->targets->data) <
                                   g_srv_target_get_priority(chosen->targets->data)))
            chosen = service;
    }
    return chosen;
}

VettedEndpoint *discover(const char *domain, gboolean submits, const char *login,
                         const Company *company, int stop_fd, GError **error)
{
    g_autofree char *ascii = domain_ascii(domain);
    if (ascii == NULL || !company_owns(company, ascii))
        return NULL;
    Search search = {0};
    search_init(&search, ascii, submits);
    lookup_run(&search.waiting, stop_fd, ask, &search);
    gboolean good = line_up(&search.services[0], stop_fd, error) &&
                    line_up(&search.services[1], stop_fd, error);
    const Service *service = good ? better(&search) : NULL;
    VettedEndpoint *found = service ? take(service, login, company, error) : NULL;
    search_clear(&search);
    return found;
}
