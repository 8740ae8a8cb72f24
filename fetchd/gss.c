/*
 * See gss.h. libkrb5 gets the ticket, for the principal that we name: GSSAPI's own names may be
 * turned into others by the DNS (dns_canonicalize_hostname, rdns), and its errors say less.
 */
#include "fetchd/gss.h"

#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/sasl.h"

/* RFC 4752, 3.3: four bytes, a set of layers and the largest message within one. */
#define OFFER_BYTES 4
#define LAYER_NONE 1

#define NEW_TICKET "run 'kinit', and see with 'klist' what there is"

struct Gss {
    const Session *session;
    krb5_context krb5;
    krb5_ccache tickets; /* in memory: what is added stays here */
    krb5_principal client, server;
    char *ticket;
    gss_cred_id_t credential;
    gss_ctx_id_t context;
    gss_name_t target;
    guint step;
};

/* --- failures ------------------------------------------------------------------------------- */

static const struct {
    krb5_error_code code;
    PosternError kind;
    const char *rule, *mend;
} faults[] = {
    {KRB5_FCC_NOFILE, POSTERN_ERROR_TEMPORARY, "login.ticket", NEW_TICKET},
    {KRB5_CC_NOTFOUND, POSTERN_ERROR_TEMPORARY, "login.ticket", NEW_TICKET},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, POSTERN_ERROR_TEMPORARY, "login.ticket", NEW_TICKET},
    {KRB5_KDC_UNREACH, POSTERN_ERROR_UNREACHABLE, "login.kdc", "look at the network"},
    {KRB5_REALM_CANT_RESOLVE, POSTERN_ERROR_UNREACHABLE, "login.kdc", "look at the network"},
};

static gboolean krb5_fault(const Gss *gss, krb5_error_code code, const char *what, GError **error)
{
    const char *words = krb5_get_error_message(gss->krb5, code);
    g_autofree char *safe = text_field(words);
    krb5_free_error_message(gss->krb5, words);
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        if (faults[i].code == code)
            return refuse(error, faults[i].kind, faults[i].rule, faults[i].mend, "%s: %s", what,
                          safe);
    return refuse(error, POSTERN_ERROR_POLICY, "login.service",
                  "see /etc/krb5.conf, ask who runs the company's Kerberos, or take another ;AUTH=",
                  "%s: %s", what, safe);
}

static gboolean gss_fault(const Gss *gss, OM_uint32 minor, GError **error)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc words = GSS_C_EMPTY_BUFFER;
    (void)gss_display_status(&ignored, minor, GSS_C_MECH_CODE, gss_mech_krb5, &more, &words);
    g_autofree char *text = g_strndup(words.value ? words.value : "", words.length);
    g_autofree char *safe = text_field(text);
    (void)gss_release_buffer(&ignored, &words);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "login.unproven",
                  "this may be another server than the company's: tell those who run it",
                  "%s does not prove that it knows the key of Kerberos: %s", gss->session->host,
                  safe);
}

/* --- the tickets ---------------------------------------------------------------------------- */

static const char *service(const Session *session)
{
    switch (session->scheme) {
    case SCHEME_IMAPS: return "imap";
    case SCHEME_POPS: return "pop";
    default: return "smtp";
    }
}

/* The realm is what the configuration says of HOST, else for the KDC to tell. A principal of the
 * type of hosts (KRB5_NT_SRV_HST) could get another name from the DNS. */
static krb5_error_code name_server(Gss *gss)
{
    const char *host = gss->session->host, *name = service(gss->session);
    char **realms = NULL;
    krb5_error_code code = krb5_get_host_realm(gss->krb5, host, &realms);
    if (code == 0)
        code = krb5_build_principal(gss->krb5, &gss->server, (unsigned)strlen(realms[0]), realms[0],
                                    name, host, NULL);
    if (code == 0)
        krb5_princ_type(gss->krb5, gss->server) = KRB5_NT_SRV_INST;
    (void)krb5_free_host_realm(gss->krb5, realms);
    return code;
}

/* The user's tickets, of several collections the one that is for the server. */
static krb5_error_code open_tickets(Gss *gss, krb5_ccache *from)
{
    krb5_error_code code = krb5_cc_select(gss->krb5, gss->server, from, &gss->client);
    if (code == 0)
        return 0;
    code = krb5_cc_default(gss->krb5, from);
    return code ? code : krb5_cc_get_principal(gss->krb5, *from, &gss->client);
}

static krb5_error_code copy_tickets(Gss *gss)
{
    krb5_ccache from = NULL;
    krb5_error_code code = open_tickets(gss, &from);
    if (code == 0)
        code = krb5_cc_new_unique(gss->krb5, "MEMORY", NULL, &gss->tickets);
    if (code == 0)
        code = krb5_cc_initialize(gss->krb5, gss->tickets, gss->client);
    if (code == 0)
        code = krb5_cc_copy_creds(gss->krb5, from, gss->tickets);
    if (from)
        (void)krb5_cc_close(gss->krb5, from);
    return code;
}

/* Is one of them still good? All that came of one kinit have its time. */
static krb5_error_code look_at_tickets(const Gss *gss, gint64 *since)
{
    krb5_cc_cursor cursor;
    krb5_creds one;
    krb5_timestamp now;
    gboolean good = FALSE;
    krb5_error_code code = krb5_timeofday(gss->krb5, &now);
    *since = 0;
    if (code == 0)
        code = krb5_cc_start_seq_get(gss->krb5, gss->tickets, &cursor);
    if (code)
        return code;
    while (krb5_cc_next_cred(gss->krb5, gss->tickets, &cursor, &one) == 0) {
        gboolean ticket = !krb5_is_config_principal(gss->krb5, one.server);
        good = good || (ticket && (guint32)one.times.endtime > (guint32)now);
        if (ticket)
            *since = MAX(*since, (gint64)(guint32)one.times.authtime);
        krb5_free_cred_contents(gss->krb5, &one);
    }
    (void)krb5_cc_end_seq_get(gss->krb5, gss->tickets, &cursor);
    return good ? 0 : KRB5KRB_AP_ERR_TKT_EXPIRED;
}

static krb5_error_code find_tickets(Gss *gss)
{
    gint64 since;
    char *name = NULL;
    krb5_error_code code = name_server(gss);
    if (code == 0)
        code = copy_tickets(gss);
    if (code == 0)
        code = look_at_tickets(gss, &since);
    if (code == 0)
        code = krb5_unparse_name(gss->krb5, gss->client, &name);
    if (code == 0)
        gss->ticket = g_strdup_printf("%s %" G_GINT64_FORMAT, name, since);
    krb5_free_unparsed_name(gss->krb5, name);
    return code;
}

Gss *gss_new(const Session *session, GError **error)
{
    g_autoptr(Gss) gss = g_new0(Gss, 1);
    gss->session = session;
    krb5_error_code code = krb5_init_context(&gss->krb5);
    if (code == 0)
        code = find_tickets(gss);
    if (code == 0)
        return g_steal_pointer(&gss);
    krb5_fault(gss, code, "there is no Kerberos ticket to log in with", error);
    return NULL;
}

void gss_free(Gss *gss)
{
    OM_uint32 ignored;
    if (gss == NULL)
        return;
    (void)gss_delete_sec_context(&ignored, &gss->context, GSS_C_NO_BUFFER);
    (void)gss_release_cred(&ignored, &gss->credential);
    (void)gss_release_name(&ignored, &gss->target);
    if (gss->krb5) {
        krb5_free_principal(gss->krb5, gss->client);
        krb5_free_principal(gss->krb5, gss->server);
        if (gss->tickets)
            (void)krb5_cc_destroy(gss->krb5, gss->tickets);
        krb5_free_context(gss->krb5);
    }
    g_free(gss->ticket);
    g_free(gss);
}

const char *gss_ticket(const Gss *gss)
{
    return gss->ticket;
}

/* --- the exchange --------------------------------------------------------------------------- */

/* The principal that the KDC made a ticket for becomes the name that GSSAPI finds it by. */
static gboolean aim(Gss *gss, const krb5_creds *creds, GError **error)
{
    OM_uint32 minor;
    char *name = NULL;
    krb5_error_code code = krb5_unparse_name(gss->krb5, creds->server, &name);
    if (code)
        return krb5_fault(gss, code, "the server has no name in Kerberos", error);
    gss_buffer_desc text = {strlen(name), name};
    OM_uint32 major = gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &gss->target);
    if (major == GSS_S_COMPLETE)
        major = gss_krb5_import_cred(&minor, gss->tickets, NULL, NULL, &gss->credential);
    krb5_free_unparsed_name(gss->krb5, name);
    return major == GSS_S_COMPLETE || gss_fault(gss, minor, error);
}

static gboolean get_ticket(Gss *gss, GError **error)
{
    krb5_creds wanted = {.client = gss->client, .server = gss->server}, *got = NULL;
    krb5_error_code code = krb5_get_credentials(gss->krb5, 0, gss->tickets, &wanted, &got);
    g_autofree char *what = g_strdup_printf("Kerberos makes no ticket for %s/%s",
                                            service(gss->session), gss->session->host);
    gboolean good = code == 0 ? aim(gss, got, error) : krb5_fault(gss, code, what, error);
    krb5_free_creds(gss->krb5, got);
    return good;
}

static Secret *take(gss_buffer_t made, const char *host, GError **error)
{
    OM_uint32 ignored;
    Secret *answer = NULL;
    if (made->length <= LIMIT_TICKET_TOKEN)
        answer = secret_new(made->value, made->length);
    else
        refuse(error, POSTERN_ERROR_POLICY, "login.service", "ask who runs the company's Kerberos",
               "the Kerberos ticket for %s has more than %d bytes", host, LIMIT_TICKET_TOKEN);
    if (made->value)
        secret_wipe(made->value, made->length);
    (void)gss_release_buffer(&ignored, made);
    return answer;
}

/* The server proves itself in the second of these, and the rest is protected by what came of it. */
static Secret *prove(Gss *gss, const guint8 *token, gsize size, GError **error)
{
    const OM_uint32 wanted = GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG;
    const gboolean last = gss->step == LIMIT_TICKET_ANSWERS - 2;
    OM_uint32 minor, got = 0;
    gss_buffer_desc in = {size, (void *)token}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_init_sec_context(&minor, gss->credential, &gss->context, gss->target,
                                           gss_mech_krb5, wanted | GSS_C_SEQUENCE_FLAG, 0,
                                           GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &out, &got, NULL);
    g_autoptr(Secret) answer = take(&out, gss->session->host, error);
    if (answer == NULL)
        return NULL;
    if (GSS_ERROR(major))
        gss_fault(gss, minor, error);
    else if ((major == GSS_S_COMPLETE) != last || (last && (got & wanted) != wanted))
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.unproven",
               "this may be another server than the company's: tell those who run it",
               "%s does not prove that it knows the key of Kerberos", gss->session->host);
    else
        return g_steal_pointer(&answer);
    return NULL;
}

/* A size must be 0 where nothing but "none" is offered; Dovecot says 16 MB, and none is used. */
gboolean gss_layer(const guint8 *offer, gsize size, const char *host, GError **error)
{
    if (size != OFFER_BYTES)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
                      "%s offers security layers in %" G_GSIZE_FORMAT " bytes in place of %d", host,
                      size, OFFER_BYTES);
    if (!(offer[0] & LAYER_NONE))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "login.layer",
                      "ask who runs the server to offer none: TLS protects it all",
                      "%s demands a security layer of Kerberos within TLS", host);
    return TRUE;
}

/* "None, of size 0, and let me be who the URI says." */
static Secret *wrap(Gss *gss, GError **error)
{
    OM_uint32 minor;
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
    const char *login = gss->session->login;
    g_autoptr(GByteArray) choice = g_byte_array_new();
    g_byte_array_append(choice, (const guint8[]){LAYER_NONE, 0, 0, 0}, OFFER_BYTES);
    g_byte_array_append(choice, (const guint8 *)login, (guint)strlen(login));
    gss_buffer_desc in = {choice->len, choice->data};
    if (GSS_ERROR(gss_wrap(&minor, gss->context, 0, GSS_C_QOP_DEFAULT, &in, NULL, &out))) {
        gss_fault(gss, minor, error);
        return NULL;
    }
    return take(&out, gss->session->host, error);
}

static Secret *choose_layer(Gss *gss, const guint8 *token, gsize size, GError **error)
{
    OM_uint32 minor, ignored;
    gss_buffer_desc in = {size, (void *)token}, offer = GSS_C_EMPTY_BUFFER;
    OM_uint32 major = gss_unwrap(&minor, gss->context, &in, &offer, NULL, NULL);
    gboolean good = major == GSS_S_COMPLETE
                        ? gss_layer(offer.value, offer.length, gss->session->host, error)
                        : gss_fault(gss, minor, error);
    (void)gss_release_buffer(&ignored, &offer);
    return good ? wrap(gss, error) : NULL;
}

Secret *gss_answer(Gss *gss, const guint8 *token, gsize size, GError **error)
{
    if (gss->step >= LIMIT_TICKET_ANSWERS || size > LIMIT_TICKET_TOKEN ||
        (size == 0) != (gss->step == 0)) {
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
               "%s sends no such tokens as Kerberos has", gss->session->host);
        return NULL;
    }
    if (gss->step == 0 && !get_ticket(gss, error))
        return NULL;
    Secret *answer = gss->step < LIMIT_TICKET_ANSWERS - 1 ? prove(gss, token, size, error)
                                                          : choose_layer(gss, token, size, error);
    gss->step++;
    return answer;
}
