/* See doctor.h: the rows. */
#include "cli/doctor.h"

#include "core/error.h"

static void finding_free(gpointer pointer)
{
    Finding *finding = pointer;
    g_free(finding->subject);
    g_free(finding->detail);
    g_free(finding->mend);
    g_free(finding);
}

static void server_free(gpointer pointer)
{
    DoctorServer *server = pointer;
    endpoint_free(server->endpoint);
    g_free(server->subject);
    g_free(server);
}

static void free_secret(gpointer secret)
{
    secret_free(secret);
}

void doctor_init(Doctor *doctor, Context *context, gboolean offline)
{
    *doctor = (Doctor){
        .context = context,
        .offline = offline,
        .findings = g_ptr_array_new_with_free_func(finding_free),
        .servers = g_ptr_array_new_with_free_func(server_free),
        .secrets = g_ptr_array_new_with_free_func(free_secret),
    };
}

void doctor_clear(Doctor *doctor)
{
    g_ptr_array_unref(doctor->findings);
    g_ptr_array_unref(doctor->servers);
    g_ptr_array_unref(doctor->secrets);
}

void doctor_row(Doctor *doctor, RuleId rule, FindingStatus status, const char *subject,
                const char *detail, const char *mend)
{
    Finding *finding = g_new0(Finding, 1);
    finding->rule = rule;
    finding->status = status;
    finding->subject = g_strdup(subject);
    finding->detail = g_strdup(detail ? detail : rule_get(rule)->words);
    if (status != FINDING_PASS)
        finding->mend = g_strdup(mend ? mend : rule_get(rule)->mend);
    g_ptr_array_add(doctor->findings, finding);
}

void doctor_failure(Doctor *doctor, RuleId rule, const char *subject, const GError *failure)
{
    doctor_row(doctor, rule, FINDING_FAIL, subject, failure->message, postern_error_mend(failure));
}

void doctor_outcome(Doctor *doctor, RuleId rule, const char *subject, GError **failure)
{
    if (*failure)
        doctor_failure(doctor, rule, subject, *failure);
    else
        doctor_row(doctor, rule, FINDING_PASS, subject, NULL, NULL);
    g_clear_error(failure);
}

void doctor_skip(Doctor *doctor, RuleId rule, const char *subject, const char *reason,
                 const char *mend)
{
    doctor_row(doctor, rule, FINDING_SKIP, subject, reason, mend);
}

static gboolean has_row(const Doctor *doctor, RuleId rule)
{
    for (guint i = 0; i < doctor->findings->len; i++)
        if (((Finding *)doctor->findings->pdata[i])->rule == rule)
            return TRUE;
    return FALSE;
}

void doctor_skip_rest(Doctor *doctor, const char *reason, const char *mend)
{
    for (guint i = 0; i < RULES; i++)
        if (!has_row(doctor, (RuleId)i))
            doctor_skip(doctor, (RuleId)i, "-", reason, mend);
}

gboolean doctor_looks_at(const Doctor *doctor, const Account *account)
{
    return doctor->only == NULL ||
           g_ptr_array_find((GPtrArray *)doctor->only, (gpointer)account, NULL);
}

static gint by_rule(gconstpointer a, gconstpointer b)
{
    const Finding *left = *(Finding *const *)a, *right = *(Finding *const *)b;
    return (gint)left->rule - (gint)right->rule;
}

/* g_ptr_array_sort() is stable: rows of one rule stay in the order of the accounts. */
void doctor_sort(Doctor *doctor)
{
    g_ptr_array_sort(doctor->findings, by_rule);
}

guint doctor_count(const Doctor *doctor, FindingStatus status)
{
    guint count = 0;
    for (guint i = 0; i < doctor->findings->len; i++)
        count += ((Finding *)doctor->findings->pdata[i])->status == status;
    return count;
}
