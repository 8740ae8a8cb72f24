/* See wkd.h. */
#include "policy/wkd.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "policy/domain.h"
#include "policy/endpoint.h"

gboolean wkd_vet(const Company *company, const char *address, GError **error)
{
    const char *at = strrchr(address, '@');
    g_autofree char *domain = at ? domain_ascii(at + 1) : NULL;
    g_autofree char *shown = text_name(address);
    if (domain == NULL)
        return refuse(error, POSTERN_ERROR_INPUT, "send.address",
                      "write the address like john@corp.example", "\"%s\" is not a mailbox", shown);
    if (strcmp(company->wkd, "any") == 0 ||
        (strcmp(company->wkd, "company") == 0 && company_owns(company, domain)))
        return TRUE;
    return refuse(
        error, POSTERN_ERROR_POLICY, "key.wkd",
        strcmp(company->wkd, "never") == 0
            ? "get the key from its owner (postern key import FILE); or let the company's "
              "domains be asked: wkd = company in [company]"
            : "get the key from its owner: postern key import FILE",
        "no web key directory may be asked for %s: wkd = %s", shown, company->wkd);
}
