/* See doctor.h: how a server's ports meet an old TLS, and words in clear. */
#include "cli/doctor.h"

#include "core/error.h"
#include "core/text.h"
#include "fetchd/link.h"

static const struct {
    ProbeKind kind;
    RuleId rule;
} probes[] = {{PROBE_OLD_TLS, RULE_TLS_OLD_VERSIONS}, {PROBE_CLEAR, RULE_TLS_CLEAR}};

/* Only the very fault that was looked for is a finding: a server that cannot be reached has its
 * own rows. */
static void tell(Doctor *doctor, RuleId rule, const char *subject, const GError *failure)
{
    if (failure == NULL)
        doctor_row(doctor, rule, FINDING_PASS, subject, NULL, NULL);
    else if (rule_of_failure(postern_error_rule(failure), RULES) == rule)
        doctor_failure(doctor, rule, subject, failure);
    else
        doctor_skip(doctor, rule, subject, failure->message, postern_error_mend(failure));
}

static void look_at(Doctor *doctor, const DoctorServer *server)
{
    g_autofree char *subject =
        g_strdup_printf("%s:%u", endpoint_host(server->endpoint), endpoint_port(server->endpoint));
    const LinkTarget target = {
        .company = &doctor->context->config->company,
        .account = server->account,
        .endpoint = server->endpoint,
        .trace = doctor->context->trace,
        .stop_fd = -1,
    };
    for (guint i = 0; i < G_N_ELEMENTS(probes); i++) {
        g_autoptr(GError) failure = NULL;
        if (probes[i].kind == PROBE_CLEAR && endpoint_scheme(server->endpoint) == SCHEME_SUBMISSION)
            continue;
        (void)!link_probe(&target, probes[i].kind, &failure);
        tell(doctor, probes[i].rule, subject, failure);
    }
}

static gboolean seen_before(const Doctor *doctor, guint which)
{
    const DoctorServer *server = doctor->servers->pdata[which];
    for (guint i = 0; i < which; i++) {
        const DoctorServer *other = doctor->servers->pdata[i];
        if (other->endpoint && endpoint_port(other->endpoint) == endpoint_port(server->endpoint) &&
            g_str_equal(endpoint_host(other->endpoint), endpoint_host(server->endpoint)))
            return TRUE;
    }
    return FALSE;
}

void doctor_tls(Doctor *doctor)
{
    for (guint i = 0; i < doctor->servers->len; i++) {
        const DoctorServer *server = doctor->servers->pdata[i];
        if (server->endpoint && !seen_before(doctor, i))
            look_at(doctor, server);
    }
}
