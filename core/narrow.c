/* See narrow.h. */
#include "core/narrow.h"

#include <string.h>

#include "core/cidr.h"
#include "core/error.h"
#include "core/keytable.h"
#include "core/text.h"

/* TRUE when all that A stands for is also B's. */
typedef gboolean (*Within)(const char *a, const char *b);

/* Domains compare as written, but for case and one final dot: an A-label here and its U-label
 * there have nothing in common, which refuses and so is safe. */
static gboolean domain_within(const char *a, const char *b)
{
    gsize la = strlen(a) - g_str_has_suffix(a, ".");
    gsize lb = strlen(b) - g_str_has_suffix(b, ".");
    return lb > 0 && la >= lb && g_ascii_strncasecmp(a + (la - lb), b, lb) == 0 &&
           (la == lb || a[la - lb - 1] == '.');
}

static gboolean network_within(const char *a, const char *b)
{
    Cidr inner, outer;
    return cidr_parse(a, &inner) && cidr_parse(b, &outer) && cidr_contains(&outer, &inner);
}

static gboolean same(const char *a, const char *b)
{
    return g_str_equal(a, b);
}

static void add_once(GPtrArray *list, const char *item)
{
    if (!g_ptr_array_find_with_equal_func(list, item, g_str_equal, NULL))
        g_ptr_array_add(list, g_strdup(item));
}

static char **list_end(GPtrArray *list)
{
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

/* Of each pair of which one lies in the other, the inner one. */
static char **intersection(char **a, char **b, Within within)
{
    GPtrArray *both = g_ptr_array_new();
    for (guint i = 0; a[i]; i++)
        for (guint j = 0; b[j]; j++)
            if (within(a[i], b[j]))
                add_once(both, a[i]);
            else if (within(b[j], a[i]))
                add_once(both, b[j]);
    return list_end(both);
}

static char **all_of(char **a, char **b)
{
    GPtrArray *either = g_ptr_array_new();
    for (guint i = 0; a[i]; i++)
        add_once(either, a[i]);
    for (guint i = 0; b[i]; i++)
        add_once(either, b[i]);
    return list_end(either);
}

static void take(char ***list, char **replacement)
{
    g_strfreev(*list);
    *list = replacement;
}

typedef struct {
    Company *company;
    const Company *rules;
    const char *name;
    GError **error;
} Narrowing;

static gboolean both_give(const Narrowing *narrowing, CompanyKey key)
{
    return narrowing->company->given & narrowing->rules->given & 1U << key;
}

static gboolean only_rules_give(const Narrowing *narrowing, CompanyKey key)
{
    return narrowing->rules->given & ~narrowing->company->given & 1U << key;
}

static gboolean narrow_list(const Narrowing *narrowing, CompanyKey key, const char *what,
                            char ***list, char **rule, Within within)
{
    if (only_rules_give(narrowing, key)) {
        take(list, g_strdupv(rule));
    } else if (both_give(narrowing, key)) {
        take(list, intersection(*list, rule, within));
        if (**list == NULL) {
            g_autofree char *file = text_name(narrowing->name);
            g_autofree char *mend = g_strdup_printf("take %s out of your configuration", what);
            return refuse(narrowing->error, POSTERN_ERROR_POLICY, "policy.conflict", mend,
                          "your %s and those of %s have nothing in common", what, file);
        }
    }
    return TRUE;
}

static void narrow_up(const Narrowing *narrowing, CompanyKey key, int *value, int rule)
{
    if (only_rules_give(narrowing, key) || (both_give(narrowing, key) && rule > *value))
        *value = rule;
}

static void narrow_word(const Narrowing *narrowing, CompanyKey key, char **value, const char *rule,
                        gboolean more_is_stricter)
{
    gboolean stricter = FALSE;
    if (both_give(narrowing, key)) {
        int mine = company_word(key, *value), theirs = company_word(key, rule);
        stricter = more_is_stricter ? theirs > mine : theirs < mine;
    }
    if (only_rules_give(narrowing, key) || stricter) {
        g_free(*value);
        *value = g_strdup(rule);
    }
}

static void narrow_permission(const Narrowing *narrowing, CompanyKey key, gboolean *value,
                              gboolean rule)
{
    if (only_rules_give(narrowing, key))
        *value = rule;
    else if (both_give(narrowing, key))
        *value = *value && rule;
}

static void narrow_enumerations(const Narrowing *narrowing)
{
    Company *company = narrowing->company;
    const Company *rules = narrowing->rules;
    narrow_up(narrowing, COMPANY_MIN_TLS, (int *)&company->min_tls, (int)rules->min_tls);
    narrow_up(narrowing, COMPANY_OUTSIDE, (int *)&company->outside, (int)rules->outside);
    narrow_up(narrowing, COMPANY_FREEMAIL, (int *)&company->freemail, (int)rules->freemail);
    narrow_up(narrowing, COMPANY_LOGIN_NAMES, (int *)&company->login_names,
              (int)rules->login_names);
    narrow_word(narrowing, COMPANY_MIN_AUTH, &company->min_auth, rules->min_auth, TRUE);
    narrow_word(narrowing, COMPANY_WKD, &company->wkd, rules->wkd, FALSE);
    narrow_permission(narrowing, COMPANY_TUNNEL, &company->tunnel, rules->tunnel);
    narrow_permission(narrowing, COMPANY_DELIVER_SENSITIVE, &company->deliver_sensitive,
                      rules->deliver_sensitive);
}

gboolean narrow_company(Company *company, const Company *rules, const char *name, GError **error)
{
    Narrowing narrowing = {.company = company, .rules = rules, .name = name, .error = error};
    if (!narrow_list(&narrowing, COMPANY_DOMAINS, "domains", &company->domains, rules->domains,
                     domain_within) ||
        !narrow_list(&narrowing, COMPANY_NETWORKS, "networks", &company->networks, rules->networks,
                     network_within) ||
        !narrow_list(&narrowing, COMPANY_OFFICES, "offices", &company->offices, rules->offices,
                     network_within) ||
        !narrow_list(&narrowing, COMPANY_PIN, "pins", &company->pins, rules->pins, same))
        return FALSE;
    narrow_enumerations(&narrowing);
    take(&company->recovery_keys, all_of(company->recovery_keys, rules->recovery_keys));
    for (guint i = 0; i < rules->ca_files->len; i++)
        add_once(company->ca_files, g_ptr_array_index(rules->ca_files, i));
    company->given |= rules->given;
    return TRUE;
}

gboolean narrow_accounts(Config *config, GError **error)
{
    char **demanded = config->company.pins;
    for (guint i = 0; *demanded && i < config->accounts->len; i++) {
        Account *account = g_ptr_array_index(config->accounts, i);
        gboolean own = *account->pins != NULL;
        take(&account->pins,
             own ? intersection(account->pins, demanded, same) : g_strdupv(demanded));
        if (*account->pins == NULL) {
            g_autofree char *shown = text_field(account->name);
            return refuse(error, POSTERN_ERROR_POLICY, "policy.conflict",
                          "take pin out of the account, or use a pin of the company's",
                          "no pin of account \"%s\" is one of the company's", shown);
        }
    }
    return TRUE;
}
