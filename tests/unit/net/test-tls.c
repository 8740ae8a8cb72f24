/* P3: only an authenticated server; and the channel's deadlines and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/tls.h"
#include "tests/unit/net/tls-peer.h"

/* Handshake with a server set up by SETUP; the error, or NULL when it was accepted. */
static GError *shake(const PeerSetup *setup, const Session *session)
{
    static const PeerStep steps[] = {PEER_TLS(), PEER_WAIT()};
    Peer *peer = peer_start(setup, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    GError *error = NULL;
    gboolean good = channel_start_tls(channel, session, &error);
    assert_int_equal(good, error == NULL);
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
    return error;
}

static void assert_refused(const GError *error, int code, const char *rule, const char *words)
{
    if (error == NULL)
        fail_msg("%s (%s) was accepted", rule, words);
    if (postern_exit_code(error) != code || strcmp(postern_error_rule(error), rule) != 0 ||
        strstr(error->message, words) == NULL)
        fail_msg("wanted %d %s (%s), got %d %s: %s", code, rule, words, postern_exit_code(error),
                 postern_error_rule(error), error->message);
}

static void p3_a_proper_server_is_accepted(void **state)
{
    (void)state;
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(GError) error = shake(NULL, session);
    assert_null(error);
}

static void p3_33_both_ends_know_the_binding_of_their_channel_alone(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_BIND(), PEER_WAIT()};
    static const PeerSetup older = {.max_version = TLS1_2_VERSION};
    const PeerSetup *const setups[] = {NULL, &older};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (gsize i = 0; i < G_N_ELEMENTS(setups); i++) {
        Peer *peer = peer_start(setups[i], steps, G_N_ELEMENTS(steps));
        Channel *channel = channel_new(peer_fd(peer));
        guint8 theirs[32];
        assert_null(channel_binding(channel)); /* in clear */
        assert_true(channel_start_tls(channel, session, NULL));
        for (gsize got = 0; got < sizeof theirs;) {
            gssize more = channel_read(channel, theirs + got, sizeof theirs - got, NULL);
            assert_true(more > 0);
            got += (gsize)more;
        }
        g_autoptr(GBytes) ours = channel_binding(channel);
        if (setups[i] == NULL)
            assert_memory_equal(g_bytes_get_data(ours, NULL), theirs, sizeof theirs);
        else
            assert_null(ours); /* TLS 1.2 */
        channel_free(channel);
        g_byte_array_unref(peer_finish(peer, NULL));
    }
}

typedef struct {
    const char *name;
    const char *rule;  /* NULL: must be accepted */
    const char *words; /* must stand in the sentence */
    Recipe recipe;
    Recipe between; /* intermediate, when it has a cn */
    enum { BY_CA, BY_ITSELF, BY_STRANGER } signer;
} CertificateCase;

#define CASE_CA "critical,CA:TRUE"
#define CASE_SIGNS "critical,keyCertSign"
#define BETWEEN .cn = "Between", .san = "", .purpose = ""

static const CertificateCase certificate_cases[] = {
    {"expired", "tls.expired", "expired on", {.from_days = -10, .to_days = -2}, {0}, BY_CA},
    {"not yet", "tls.expired", "not valid before", {.from_days = 2, .to_days = 9}, {0}, BY_CA},
    {"self-signed", "tls.chain", "self-signed", {0}, {0}, BY_ITSELF},
    {"other CA", "tls.chain", "CA that is not trusted", {0}, {0}, BY_STRANGER},
    {"other name",
     "tls.name",
     "but for www.corp.example",
     {.san = "DNS:www.corp.example"},
     {0},
     BY_CA},
    {"several names",
     "tls.name",
     "a.test, b.test, c.test, d.test, e.test and 2 more",
     {.san = "DNS:a.test,DNS:b.test,DNS:c.test,DNS:d.test,DNS:e.test,DNS:f.test,DNS:g.test"},
     {0},
     BY_CA},
    {"common name only",
     "tls.name",
     "names no host at all",
     {.cn = PEER_HOST, .san = ""},
     {0},
     BY_CA},
    {"wildcard", NULL, NULL, {.san = "DNS:*.corp.example"}, {0}, BY_CA},
    {"wildcard over a top", "tls.name", "*.example", {.san = "DNS:*.example"}, {0}, BY_CA},
    {"partial wildcard", "tls.name", "m*.corp.example", {.san = "DNS:m*.corp.example"}, {0}, BY_CA},
    {"two wildcards", "tls.name", "*.*.example", {.san = "DNS:*.*.example"}, {0}, BY_CA},
    {"bare wildcard", "tls.name", "*", {.san = "DNS:*"}, {0}, BY_CA},
    {"IP address", "tls.name", "names no host", {.san = "IP:10.0.0.1"}, {0}, BY_CA},
    {"address as name",
     "tls.name",
     "names no host",
     {.san = "email:x@mail.corp.example"},
     {0},
     BY_CA},
    {"upper case", NULL, NULL, {.san = "DNS:MAIL.Corp.Example"}, {0}, BY_CA},
    {"client only", "tls.chain", "purpose", {.purpose = "clientAuth"}, {0}, BY_CA},
    {"any purpose left open", NULL, NULL, {.purpose = ""}, {0}, BY_CA},
    {"SHA-1", "tls.chain", "too weak", {.sha1 = TRUE}, {0}, BY_CA},
    {"RSA 1024", "tls.chain", "too", {.rsa_bits = 1024}, {0}, BY_CA},
    {"RSA 2048", NULL, NULL, {.rsa_bits = 2048}, {0}, BY_CA},
    {"unknown critical extension",
     "tls.chain",
     "critical extension",
     {.odd = "1.2.3.4.5"},
     {0},
     BY_CA},
    {"intermediate", NULL, NULL, {0}, {BETWEEN, .basic = CASE_CA, .usage = CASE_SIGNS}, BY_CA},
    {"issuer is no CA",
     "tls.chain",
     "Between",
     {0},
     {BETWEEN, .basic = "critical,CA:FALSE", .usage = "critical,digitalSignature"},
     BY_CA},
    {"issuer is not said to be a CA",
     "tls.chain",
     "Between",
     {0},
     {BETWEEN, .basic = "", .usage = CASE_SIGNS},
     BY_CA},
    {"issuer may not sign",
     "tls.chain",
     "Between",
     {0},
     {BETWEEN, .basic = CASE_CA, .usage = "critical,cRLSign"},
     BY_CA},
    {"issuer expired",
     "tls.expired",
     "Between",
     {0},
     {BETWEEN, .basic = CASE_CA, .usage = CASE_SIGNS, .from_days = -9, .to_days = -2},
     BY_CA},
    {"issuer is weak",
     "tls.chain",
     "too",
     {0},
     {BETWEEN, .basic = CASE_CA, .usage = CASE_SIGNS, .rsa_bits = 1024},
     BY_CA},
    {"name constraint kept",
     NULL,
     NULL,
     {0},
     {BETWEEN, .basic = CASE_CA, .usage = CASE_SIGNS, .constraints = "permitted;DNS:corp.example"},
     BY_CA},
    {"name constraint broken",
     "tls.chain",
     "subtree",
     {0},
     {BETWEEN, .basic = CASE_CA, .usage = CASE_SIGNS, .constraints = "permitted;DNS:other.test"},
     BY_CA},
};

static GError *shake_with(const CertificateCase *c)
{
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(Identity) stranger = identity_new(&recipe_ca, NULL);
    g_autoptr(Identity) between = c->between.cn ? identity_new(&c->between, peer_ca()) : NULL;
    const Identity *signers[] = {peer_ca(), NULL, stranger};
    g_autoptr(Identity) server = identity_new(&c->recipe, between ? between : signers[c->signer]);
    return shake(&(PeerSetup){.identity = server, .between = between}, session);
}

static void p3_26_each_fault_of_a_certificate_is_refused_by_name(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(certificate_cases); i++) {
        const CertificateCase *c = &certificate_cases[i];
        g_autoptr(GError) error = shake_with(c);
        if (c->rule)
            assert_refused(error, POSTERN_ERROR_PROTOCOL, c->rule, c->words);
        else if (error)
            fail_msg("%s was refused: %s", c->name, error->message);
    }
}

static void p3_26_a_path_longer_than_its_ca_allows_is_refused(void **state)
{
    (void)state;
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    Recipe root_recipe = recipe_ca, between = recipe_ca;
    root_recipe.basic = "critical,CA:TRUE,pathlen:0";
    between.cn = "Between";
    g_autoptr(Identity) root = identity_new(&root_recipe, NULL);
    g_autoptr(Identity) middle = identity_new(&between, root);
    g_autoptr(Identity) server = identity_new(&(Recipe){0}, middle);
    g_ptr_array_set_size(session->ca_sets, 0);
    g_ptr_array_add(session->ca_sets, identity_pem(root));
    g_autoptr(GError) error = shake(&(PeerSetup){.identity = server, .between = middle}, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.chain", "path length");
}

static void p3_26_a_nul_inside_a_name_does_not_end_it(void **state)
{
    (void)state;
    static const char evil[] = PEER_HOST "\0.evil.test";
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(Identity) server = identity_new(&(Recipe){.san = ""}, peer_ca());
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, evil, sizeof evil - 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, name);
    X509_add1_ext_i2d(server->certificate, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
    X509_sign(server->certificate, peer_ca()->key, EVP_sha256());
    g_autoptr(GError) error = shake(&(PeerSetup){.identity = server}, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.name", ".evil.test");
}

static void p3_27_the_chain_must_lead_to_every_ca_set(void **state)
{
    (void)state;
    g_autoptr(Identity) other = identity_new(&recipe_ca, NULL);
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_ptr_array_add(session->ca_sets, identity_pem(peer_ca()));
    g_autoptr(GError) twice = shake(NULL, session);
    assert_null(twice);
    g_ptr_array_add(session->ca_sets, identity_pem(other));
    g_autoptr(GError) error = shake(NULL, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.chain", "CA set 3");
}

static void p3_27_no_ca_set_or_an_unusable_one_trusts_nobody(void **state)
{
    (void)state;
    static const char *texts[] = {"", "no PEM here\n", "-----BEGIN CERTIFICATE-----\nAAAA\n",
                                  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_ptr_array_set_size(session->ca_sets, 1);
        g_ptr_array_add(session->ca_sets, g_bytes_new(texts[i], strlen(texts[i])));
        g_autoptr(GError) error = shake(NULL, session);
        assert_refused(error, POSTERN_ERROR_POLICY, "tls.ca", "CA set 2");
    }
    g_ptr_array_set_size(session->ca_sets, 0);
    g_autoptr(GError) error = shake(NULL, session);
    assert_refused(error, POSTERN_ERROR_POLICY, "tls.ca", "no CA is trusted");
}

static void p3_27_a_ca_set_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autofree char *text = g_malloc(LIMIT_CA_BUNDLE + 1);
    memset(text, '\n', LIMIT_CA_BUNDLE + 1);
    g_ptr_array_add(session->ca_sets, g_bytes_new(text, LIMIT_CA_BUNDLE + 1));
    g_autoptr(GError) error = shake(NULL, session);
    assert_refused(error, POSTERN_ERROR_POLICY, "tls.ca", "larger than");
}

static void p3_27_a_company_intermediate_may_be_the_anchor(void **state)
{
    (void)state;
    Recipe recipe = recipe_ca;
    recipe.cn = "Between";
    g_autoptr(Identity) between = identity_new(&recipe, peer_ca());
    g_autoptr(Identity) server = identity_new(&(Recipe){0}, between);
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_ptr_array_set_size(session->ca_sets, 0);
    g_ptr_array_add(session->ca_sets, identity_pem(between));
    g_autoptr(GError) error = shake(&(PeerSetup){.identity = server}, session);
    assert_null(error);
}

/* ---- staples ---- */

typedef struct {
    const char *name;
    const char *feature; /* of the certificate */
    enum { NO_STAPLE, GOOD, REVOKED, STALE, OTHER_SERIAL, OTHER_SIGNER, RUBBISH } staple;
    const char *rule;
} StapleCase;

static GBytes *staple_of(const StapleCase *c, const Identity *server)
{
    if (c->staple == NO_STAPLE)
        return NULL;
    if (c->staple == RUBBISH)
        return g_bytes_new_static("0\202\377\377rubbish", 11);
    g_autoptr(Identity) stranger = identity_new(&recipe_ca, NULL);
    const Identity *signer = c->staple == OTHER_SIGNER ? stranger : peer_ca();
    X509 *about = c->staple == OTHER_SERIAL ? peer_identity()->certificate : server->certificate;
    gboolean revoked = c->staple == REVOKED;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, about, peer_ca()->certificate);
    ASN1_TIME *from = X509_gmtime_adj(NULL, -7200);
    ASN1_TIME *until = X509_gmtime_adj(NULL, c->staple == STALE ? -3600 : 3600);
    OCSP_basic_add1_status(basic, id, revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
                           0, revoked ? from : NULL, from, until);
    OCSP_basic_sign(basic, signer->certificate, signer->key, EVP_sha256(), NULL, 0);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    guint8 *der = NULL;
    int size = i2d_OCSP_RESPONSE(response, &der);
    GBytes *bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return bytes;
}

static void p3_31_a_certificate_that_must_staple_does(void **state)
{
    (void)state;
    static const StapleCase cases[] = {
        {"must, good", "status_request", GOOD, NULL},
        {"must, none", "status_request", NO_STAPLE, "tls.staple"},
        {"must, stale", "status_request", STALE, "tls.staple"},
        {"must, other serial", "status_request", OTHER_SERIAL, "tls.staple"},
        {"must, other signer", "status_request", OTHER_SIGNER, "tls.staple"},
        {"must, rubbish", "status_request", RUBBISH, "tls.staple"},
        {"must, revoked", "status_request", REVOKED, "tls.revoked"},
        {"may, good", NULL, GOOD, NULL},
        {"may, none", NULL, NO_STAPLE, NULL},
        {"may, stale", NULL, STALE, NULL},
        {"may, rubbish", NULL, RUBBISH, NULL},
        {"may, revoked", NULL, REVOKED, "tls.revoked"},
    };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (gsize v = 0; v < G_N_ELEMENTS(versions); v++) {
            const StapleCase *c = &cases[i];
            g_autoptr(Identity) server =
                identity_new(&(Recipe){.tlsfeature = c->feature}, peer_ca());
            g_autoptr(GBytes) staple = staple_of(c, server);
            g_autoptr(GError) error = shake(
                &(PeerSetup){.identity = server, .staple = staple, .max_version = versions[v]},
                session);
            if (c->rule)
                assert_refused(error, POSTERN_ERROR_PROTOCOL, c->rule, PEER_HOST);
            else if (error)
                fail_msg("%s was refused: %s", c->name, error->message);
        }
}

static void set_pins(Session *session, const char *first, const char *second)
{
    g_strfreev(session->pins);
    session->pins = g_new0(char *, 3);
    session->pins[0] = g_strdup(first);
    session->pins[1] = g_strdup(second);
}

static void p3_27_pins_are_demanded_in_addition_to_the_chain(void **state)
{
    (void)state;
    static const char *nobody = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autofree char *leaf = identity_pin(peer_identity());
    g_autofree char *ca = identity_pin(peer_ca());
    const char *good[] = {leaf, ca};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        set_pins(session, nobody, good[i]);
        g_autoptr(GError) fine = shake(NULL, session);
        assert_null(fine);
    }
    set_pins(session, nobody, NULL);
    g_autoptr(GError) error = shake(NULL, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.pin", PEER_HOST);

    /* The right pin does not make a bad chain good. */
    g_autoptr(Identity) alone = identity_new(&(Recipe){0}, NULL);
    g_autofree char *pin = identity_pin(alone);
    set_pins(session, pin, NULL);
    g_autoptr(GError) chain = shake(&(PeerSetup){.identity = alone}, session);
    assert_refused(chain, POSTERN_ERROR_PROTOCOL, "tls.chain", "self-signed");
}

static void p3_27_a_pinned_certificate_outside_the_chain_does_not_count(void **state)
{
    (void)state;
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(Identity) stray = identity_new(&(Recipe){0}, peer_ca());
    g_autofree char *pin = identity_pin(stray);
    set_pins(session, pin, NULL);
    g_autoptr(GError) error = shake(&(PeerSetup){.between = stray}, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.pin", "pinned");
}

static void p3_29_old_versions_and_weak_ciphers_are_refused(void **state)
{
    (void)state;
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(Identity) rsa = identity_new(&(Recipe){.rsa_bits = 2048}, peer_ca());
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION};
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_autoptr(GError) error = shake(&(PeerSetup){.max_version = versions[i]}, session);
        assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.version", "1.2");
    }
    static const char *ciphers[] = {"aNULL:@SECLEVEL=0",       "eNULL:@SECLEVEL=0",
                                    "AES128-SHA:@SECLEVEL=0",  "AES128-GCM-SHA256:@SECLEVEL=0",
                                    "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"};
    for (gsize i = 0; i < G_N_ELEMENTS(ciphers); i++) {
        g_autoptr(GError) error = shake(
            &(PeerSetup){.identity = rsa, .max_version = TLS1_2_VERSION, .ciphers = ciphers[i]},
            session);
        assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.handshake", PEER_HOST);
    }
    g_autoptr(GError) fine =
        shake(&(PeerSetup){.identity = rsa, .max_version = TLS1_2_VERSION}, session);
    assert_null(fine);
    session->min_tls = TLS_1_3;
    g_autoptr(GError) error = shake(&(PeerSetup){.max_version = TLS1_2_VERSION}, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.version", "1.3");
}

/* A resumed session would show no certificate. */
static void p3_30_what_a_server_gives_to_resume_with_is_never_used(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_SEND("+"), PEER_WAIT()};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++) {
        PeerMemory memory = {0};
        const PeerSetup setup = {.max_version = versions[i], .memory = &memory};
        for (guint connection = 0; connection < 2; connection++) {
            Peer *peer = peer_start(&setup, steps, G_N_ELEMENTS(steps));
            Channel *channel = channel_new(peer_fd(peer));
            guint8 byte;
            assert_true(channel_start_tls(channel, session, NULL));
            /* Tickets come before it. */
            assert_int_equal(channel_read(channel, &byte, 1, NULL), 1);
            channel_free(channel);
            g_byte_array_unref(peer_finish(peer, NULL));
            assert_true(memory.id_size > 0);
        }
        assert_false(memory.offered);
        assert_false(memory.resumed);
    }
}

static void p3_28_the_environment_changes_no_trust(void **state)
{
    (void)state;
    /* OPENSSL_CONF and SSL_CERT_FILE were set before main() by main() itself: see below. */
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(Identity) evil = identity_new(&(Recipe){0}, NULL);
    g_autoptr(GBytes) pem = identity_pem(evil);
    g_autoptr(GError) written = NULL;
    const char *file = g_getenv("SSL_CERT_FILE");
    assert_true(g_file_set_contents(file, g_bytes_get_data(pem, NULL),
                                    (gssize)g_bytes_get_size(pem), &written));
    g_autoptr(GError) error = shake(&(PeerSetup){.identity = evil}, session);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.chain", "self-signed");
    unlink(file);
}

/* ---- no plaintext ---- */

typedef struct {
    const char *name;
    PeerStep greeting;
} GreetingCase;

static void p1_5_a_greeting_in_clear_gets_nothing_but_a_client_hello(void **state)
{
    (void)state;
    static const GreetingCase cases[] = {
        {"IMAP", PEER_SEND("* OK IMAP4rev1 ready\r\n")},
        {"POP3", PEER_SEND("+OK POP3 ready\r\n")},
        {"SMTP", PEER_SEND("220 mail ESMTP\r\n")},
        {"HTTP", PEER_SEND("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")},
        {"ssh", PEER_SEND("SSH-2.0-OpenSSH_9.2\r\n")},
        {"one byte", PEER_SEND("*")},
        {"escape", PEER_SEND("\033]0;x\007 hello\r\n")},
        {"SSLv2 length", PEER_SEND("\x80\x2e\x01 hello there, this is no record\r\n")},
    };
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {cases[i].greeting, PEER_DROP()};
        Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
        Channel *channel = channel_new(peer_fd(peer));
        g_autoptr(GError) error = NULL;
        assert_false(channel_start_tls(channel, session, &error));
        assert_false(channel_write(channel, (const guint8 *)"A", 1, NULL));
        channel_free(channel);
        g_autoptr(GByteArray) heard = peer_finish(peer, NULL);
        assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.handshake", "does not speak TLS");
        assert_true(heard->len > 5 && heard->data[0] == 0x16);
        assert_int_equal(heard->len, 5 + heard->data[3] * 256 + heard->data[4]);
    }
}

static void p1_3_bytes_before_the_handshake_kill_the_connection(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_EXPECT("STARTTLS"), PEER_SEND("x"), PEER_SEND("y"),
                                     PEER_WAIT()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_SUBMISSION);
    g_autoptr(GError) error = NULL;
    guint8 byte;
    assert_true(channel_write(channel, (const guint8 *)"STARTTLS\r\n", 10, NULL));
    assert_int_equal(channel_read(channel, &byte, 1, NULL), 1);
    while (!channel_pending(channel))
        g_usleep(1000);
    assert_false(channel_start_tls(channel, session, &error));
    channel_free(channel);
    g_autoptr(GByteArray) heard = peer_finish(peer, NULL);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.injected", PEER_HOST);
    assert_int_equal(heard->len, 10);
}

/* ---- ends and deadlines ---- */

/* Reads inside TLS until the end; the error, or NULL for a clean one. */
static GError *drain(const PeerStep *steps, gsize n, guint ms, gsize *total)
{
    Peer *peer = peer_start(NULL, steps, n);
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    GError *error = NULL;
    assert_true(channel_start_tls(channel, session, &error));
    if (ms > 0)
        channel_deadline(channel, ms);
    guint8 buffer[100];
    gssize got;
    *total = 0;
    while ((got = channel_read(channel, buffer, sizeof buffer, &error)) > 0)
        *total += (gsize)got;
    assert_int_equal(got < 0, error != NULL);
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
    return error;
}

static void a_good_bye_is_a_clean_end(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_SEND("hello"), PEER_CLOSE()};
    gsize total;
    g_autoptr(GError) error = drain(steps, G_N_ELEMENTS(steps), 0, &total);
    assert_null(error);
    assert_int_equal(total, 5);
}

static void p3_32_an_end_without_good_bye_is_a_truncation(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_SEND("hello"), PEER_DROP()};
    gsize total;
    g_autoptr(GError) error = drain(steps, G_N_ELEMENTS(steps), 0, &total);
    assert_refused(error, POSTERN_ERROR_PROTOCOL, "tls.truncated", "good-bye");
    assert_int_equal(total, 5);
}

static void silence_ends_at_the_deadline(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_WAIT()};
    gsize total;
    gint64 before = g_get_monotonic_time();
    g_autoptr(GError) error = drain(steps, G_N_ELEMENTS(steps), 100, &total);
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "in time");
    assert_in_range(g_get_monotonic_time() - before, 90 * 1000, 5000 * 1000);
}

static void an_endless_server_meets_the_deadline(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_FLOOD("* OK still here\r\n")};
    gsize total;
    g_autoptr(GError) error = drain(steps, G_N_ELEMENTS(steps), 100, &total);
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "in time");
}

static void a_server_that_is_silent_in_the_handshake_meets_the_deadline(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(GError) error = NULL;
    channel_deadline(channel, 100);
    assert_false(channel_start_tls(channel, session, &error));
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "in time");
}

static void a_peer_that_reads_nothing_meets_the_deadline(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    Channel *channel = channel_new(pair[0]);
    g_autofree guint8 *much = g_malloc0(8 * 1024 * 1024);
    g_autoptr(GError) error = NULL;
    channel_deadline(channel, 100);
    assert_false(channel_write(channel, much, 8 * 1024 * 1024, &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "in time");
    channel_free(channel);
    close(pair[1]);
}

static void a_peer_that_has_gone_is_an_error_and_no_signal(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(GError) error = NULL;
    assert_true(channel_start_tls(channel, session, &error));
    g_byte_array_unref(peer_finish(peer, NULL));
    guint8 much[4096] = {0};
    while (channel_write(channel, much, sizeof much, &error))
        ;
    assert_refused(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "broke");
    assert_false(channel_write(channel, much, 1, NULL));
    channel_free(channel);
}

static void the_end_of_a_connection_in_clear_is_told(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("hi")};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(GError) error = NULL;
    guint8 buffer[10];
    assert_int_equal(channel_read(channel, buffer, sizeof buffer, &error), 2);
    assert_int_equal(channel_read(channel, buffer, sizeof buffer, &error), -1);
    assert_refused(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "closed");
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
}

static void what_is_written_arrives(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_CLOSE()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autofree guint8 *much = g_malloc(300000);
    for (gsize i = 0; i < 300000; i++)
        much[i] = (guint8)(i * 31 >> 3);
    assert_true(channel_start_tls(channel, session, NULL));
    assert_true(channel_write(channel, much, 300000, NULL));
    channel_free(channel);
    g_autoptr(GByteArray) heard = peer_finish(peer, NULL);
    assert_int_equal(heard->len, 300000);
    assert_memory_equal(heard->data, much, 300000);
}

static void hostile_environment(void)
{
    g_autofree char *conf = g_strdup_printf("%s/postern-test-%d.cnf", g_get_tmp_dir(), getpid());
    g_autofree char *pem = g_strdup_printf("%s/postern-test-%d.pem", g_get_tmp_dir(), getpid());
    /* Were it read, there would be no cipher and no key left to shake hands with. */
    g_file_set_contents(conf,
                        "openssl_conf = all\n[all]\nproviders = only\n[only]\nnull = on\n"
                        "[on]\nactivate = 1\n",
                        -1, NULL);
    g_setenv("OPENSSL_CONF", conf, TRUE);
    g_setenv("SSL_CERT_FILE", pem, TRUE);
    g_setenv("SSL_CERT_DIR", g_get_tmp_dir(), TRUE);
    /* The first channel initialises OpenSSL, as in the net child. */
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        channel_free(channel_new(pair[0]));
        close(pair[1]);
    }
    unlink(conf);
}

int main(void)
{
    hostile_environment();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p3_a_proper_server_is_accepted),
        cmocka_unit_test(p3_33_both_ends_know_the_binding_of_their_channel_alone),
        cmocka_unit_test(p3_26_each_fault_of_a_certificate_is_refused_by_name),
        cmocka_unit_test(p3_26_a_path_longer_than_its_ca_allows_is_refused),
        cmocka_unit_test(p3_26_a_nul_inside_a_name_does_not_end_it),
        cmocka_unit_test(p3_27_the_chain_must_lead_to_every_ca_set),
        cmocka_unit_test(p3_27_no_ca_set_or_an_unusable_one_trusts_nobody),
        cmocka_unit_test(p3_27_a_ca_set_beyond_the_limit_is_refused),
        cmocka_unit_test(p3_27_a_company_intermediate_may_be_the_anchor),
        cmocka_unit_test(p3_31_a_certificate_that_must_staple_does),
        cmocka_unit_test(p3_27_pins_are_demanded_in_addition_to_the_chain),
        cmocka_unit_test(p3_27_a_pinned_certificate_outside_the_chain_does_not_count),
        cmocka_unit_test(p3_29_old_versions_and_weak_ciphers_are_refused),
        cmocka_unit_test(p3_30_what_a_server_gives_to_resume_with_is_never_used),
        cmocka_unit_test(p3_28_the_environment_changes_no_trust),
        cmocka_unit_test(p1_5_a_greeting_in_clear_gets_nothing_but_a_client_hello),
        cmocka_unit_test(p1_3_bytes_before_the_handshake_kill_the_connection),
        cmocka_unit_test(a_good_bye_is_a_clean_end),
        cmocka_unit_test(p3_32_an_end_without_good_bye_is_a_truncation),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(an_endless_server_meets_the_deadline),
        cmocka_unit_test(a_server_that_is_silent_in_the_handshake_meets_the_deadline),
        cmocka_unit_test(a_peer_that_reads_nothing_meets_the_deadline),
        cmocka_unit_test(a_peer_that_has_gone_is_an_error_and_no_signal),
        cmocka_unit_test(the_end_of_a_connection_in_clear_is_told),
        cmocka_unit_test(what_is_written_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
