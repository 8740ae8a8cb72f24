/* See doctor.h: what a server showed of itself while the login was tried. */
#include "cli/doctor.h"

/* Who renews a certificate by hand needs so many days. */
#define DAYS_TO_RENEW 21

#define DAY (24 * 60 * 60)

static void tell_days(Doctor *doctor, const char *subject, const ServerReport *report)
{
    gint64 days = (report->not_after - g_get_real_time() / G_USEC_PER_SEC) / DAY;
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(report->not_after);
    g_autofree char *date = end ? g_date_time_format(end, "%Y-%m-%d") : g_strdup("?");
    g_autofree char *detail = g_strdup_printf("%" G_GINT64_FORMAT " days left, until %s; TLS 1.%u",
                                              days, date, report->tls_minor);
    doctor_row(doctor, RULE_CERTIFICATE_DAYS, days < DAYS_TO_RENEW ? FINDING_WARN : FINDING_PASS,
               subject, detail, NULL);
}

/* What is missed by the schemes, and why. */
static const struct {
    guint32 ability;
    const char *name;
    gboolean wanted[SCHEME_SUBMISSION + 1];
} abilities[] = {
    {SERVER_QRESYNC, "QRESYNC", {[SCHEME_IMAPS] = TRUE}},
    {SERVER_IDLE, "IDLE", {[SCHEME_IMAPS] = TRUE}},
    {SERVER_UIDL, "UIDL", {[SCHEME_POPS] = TRUE}},
    {SERVER_PIPELINING,
     "PIPELINING",
     {[SCHEME_POPS] = TRUE, [SCHEME_SMTPS] = TRUE, [SCHEME_SUBMISSION] = TRUE}},
    {SERVER_SCRAM,
     "SCRAM",
     {[SCHEME_IMAPS] = TRUE,
      [SCHEME_POPS] = TRUE,
      [SCHEME_SMTPS] = TRUE,
      [SCHEME_SUBMISSION] = TRUE}},
};

static char *names(Scheme scheme, guint32 of)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(abilities); i++)
        if (abilities[i].wanted[scheme] && (abilities[i].ability & of))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", abilities[i].name);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void tell_abilities(Doctor *doctor, const DoctorServer *server, const ServerReport *report)
{
    Scheme scheme = endpoint_scheme(server->endpoint);
    g_autofree char *offered = names(scheme, report->abilities);
    g_autofree char *missing = names(scheme, ~report->abilities);
    g_autofree char *detail = *missing ? g_strdup_printf("the server does not offer %s", missing)
                                       : g_strdup_printf("the server offers %s", offered);
    doctor_row(doctor, RULE_SERVER_ABILITIES, *missing ? FINDING_WARN : FINDING_PASS,
               server->subject, detail, NULL);
}

void doctor_report(Doctor *doctor, const DoctorServer *server, const ServerReport *report)
{
    tell_days(doctor, server->subject, report);
    tell_abilities(doctor, server, report);
}

void doctor_no_report(Doctor *doctor, const DoctorServer *server, const char *reason,
                      const char *mend)
{
    doctor_skip(doctor, RULE_CERTIFICATE_DAYS, server->subject, reason, mend);
    doctor_skip(doctor, RULE_SERVER_ABILITIES, server->subject, reason, mend);
}
