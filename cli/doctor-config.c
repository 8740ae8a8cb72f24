/* See doctor.h: the two files that everything else is judged by. */
#include "cli/doctor.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/policyfile.h"
#include "core/text.h"
#include "policy/company.h"
#include "store/tagrules.h"

static gboolean look_at_policy(Doctor *doctor, const char *path, PolicyTrust trust, GError **error)
{
    g_autoptr(GBytes) text = NULL;
    if (!policyfile_read(path, trust, &text, error))
        return FALSE;
    g_autofree char *shown = text_name(path);
    doctor_row(doctor, RULE_POLICY_FILE, FINDING_PASS, shown,
               text ? NULL : "there is no company policy on this machine", NULL);
    return TRUE;
}

static gboolean look_at_policies(Doctor *doctor, GError **error)
{
    g_autofree char *system_policy = path_policy();
    const char *extra = doctor->context->policy;
    return look_at_policy(doctor, system_policy, POLICY_OF_SYSTEM, error) &&
           (extra == NULL || look_at_policy(doctor, extra, POLICY_OF_CALLER, error));
}

static Config *read_config(const char *path, GError **error)
{
    g_autoptr(GBytes) text = policyfile_read_config(path, error);
    gsize size;
    const char *bytes = text ? g_bytes_get_data(text, &size) : NULL;
    return bytes || text ? config_parse(bytes ? bytes : "", size, path, error) : NULL;
}

gboolean doctor_config(Doctor *doctor, GError **error)
{
    Context *context = doctor->context;
    g_autofree char *subject = text_name(context->config_path);
    g_autoptr(GError) failure = NULL;
    if (!look_at_policies(doctor, error))
        return FALSE;
    g_autoptr(Config) config = read_config(context->config_path, &failure);
    if (config && !config_apply_policies(config, context->policy, error))
        return FALSE;
    g_autoptr(GPtrArray) rules = config ? tagrules_parse(config, 0, &failure) : NULL;
    if (rules == NULL || !company_check(&config->company, &failure)) {
        doctor_failure(doctor, RULE_CONFIG_READABLE, subject, failure);
        return FALSE;
    }
    context->config = g_steal_pointer(&config);
    doctor_row(doctor, RULE_CONFIG_READABLE, FINDING_PASS, subject, NULL, NULL);
    return TRUE;
}
