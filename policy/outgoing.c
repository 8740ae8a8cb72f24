/* See outgoing.h. */
#include "policy/outgoing.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "policy/domain.h"
#include "policy/endpoint.h"

static gboolean has_control(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return TRUE;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029)
            return TRUE;
    }
    return FALSE;
}

/* The part behind the last '@' as an A-label domain (g_free); NULL when there is no mailbox. */
static char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL || at == address || strlen(address) > LIMIT_ADDRESS || has_control(address))
        return NULL;
    return domain_ascii(at + 1);
}

/*
 * "john%hotmail.com@corp.example" and "a@hotmail.com"@corp.example: servers have been known to
 * pass such letters on to whom the local part names.
 */
static gboolean may_be_passed_on(const char *address)
{
    const char *at = strrchr(address, '@');
    return strcspn(address, "%!@:\"\\, ") < (gsize)(at - address);
}

MailRule outgoing_rule(const Company *company, const char *address)
{
    g_autofree char *domain = domain_of(address);
    if (domain == NULL)
        return RULE_REFUSE;
    if (may_be_passed_on(address) || freemail_domain(domain))
        return MAX(company->freemail, company->outside);
    return company_owns(company, domain) ? RULE_ALLOW : company->outside;
}

static gboolean refuse_recipient(const char *address, GError **error)
{
    g_autofree char *shown = text_name(address);
    g_autofree char *domain = domain_of(address);
    if (domain == NULL)
        return refuse(error, POSTERN_ERROR_INPUT, "send.value",
                      "write the recipient like john@corp.example", "\"%s\" is not a mailbox",
                      shown);
    if (freemail_domain(domain))
        return refuse(error, POSTERN_ERROR_POLICY, "send.freemail",
                      "use the recipient's company address",
                      "%s is at a freemail provider, to which the company lets no mail go", shown);
    return refuse(error, POSTERN_ERROR_POLICY, "send.outside",
                  "use an address of the company's, written plainly",
                  "%s lies outside the company, whose rule lets no mail out", shown);
}

gboolean outgoing_vet(const Company *company, const GPtrArray *recipients, const char **demands,
                      GError **error)
{
    *demands = NULL;
    for (guint i = 0; i < recipients->len; i++) {
        const char *address = g_ptr_array_index(recipients, i);
        MailRule rule = outgoing_rule(company, address);
        if (rule == RULE_REFUSE)
            return refuse_recipient(address, error);
        if (rule == RULE_ENCRYPT && *demands == NULL)
            *demands = address;
    }
    return TRUE;
}

gboolean outgoing_value(const char *what, const char *value, GError **error)
{
    if (!has_control(value))
        return TRUE;
    g_autofree char *whole = text_field(value);
    g_autofree char *shown = text_fit(whole, 60);
    return refuse(error, POSTERN_ERROR_INPUT, "send.value",
                  "take line breaks and other control characters out",
                  "%s holds a control character: \"%s\"", what, shown);
}
