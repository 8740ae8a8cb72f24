/* See company.h; company_owns() stands in endpoint.h. */
#include "policy/company.h"

#include <libpsl.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "policy/domain.h"
#include "policy/endpoint.h"
#include "policy/network.h"

static gboolean refuse_domain(const char *domain, const char *why, GError **error)
{
    g_autofree char *shown = text_name(domain);
    return refuse(error, POSTERN_ERROR_POLICY, "config.value",
                  "name a domain that the company owns, like corp.example",
                  "company domain \"%s\" %s", shown, why);
}

static gboolean check_domain(const char *domain, GError **error)
{
    g_autofree char *ascii = domain_ascii(domain);
    if (ascii == NULL)
        return refuse_domain(domain, "is not a domain", error);
    if (strchr(ascii, '.') == NULL)
        return refuse_domain(domain, "is a single label", error);
    if (psl_is_public_suffix(psl_builtin(), ascii))
        return refuse_domain(domain, "is a public suffix, under which anybody may register", error);
    if (freemail_domain(ascii))
        return refuse_domain(domain, "is a freemail provider's", error);
    return TRUE;
}

gboolean company_check(const Company *company, GError **error)
{
    if (*company->domains == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "config.value",
                      "write the company's domains into [company]: domains = corp.example",
                      "no company domain is configured");
    for (guint i = 0; company->domains[i]; i++)
        if (!check_domain(company->domains[i], error))
            return FALSE;
    return network_check_lists(company, error);
}

gboolean company_owns(const Company *company, const char *domain)
{
    g_autofree char *ascii = domain_ascii(domain);
    for (guint i = 0; ascii && company->domains[i]; i++) {
        g_autofree char *owned = domain_ascii(company->domains[i]);
        if (owned && domain_lies_in(ascii, owned))
            return TRUE;
    }
    return FALSE;
}
