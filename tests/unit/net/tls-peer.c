/* See tls-peer.h. */
#include "tests/unit/net/tls-peer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A step that takes longer than this has gone wrong. */
#define PATIENCE_SECONDS 20

#define DAY (24 * 60 * 60)

/* ---- certificates ---- */

const Recipe recipe_ca = {
    .cn = "Corp CA",
    .san = "",
    .basic = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .purpose = "",
};

static void extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || !X509_add_ext(certificate, extension, -1))
        g_error("extension %s cannot be made", value);
    X509_EXTENSION_free(extension);
}

static void extend_oddly(X509 *certificate, const char *oid)
{
    if (oid == NULL)
        return;
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(data, (const unsigned char *)"\5\0", 2);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, data);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(data);
    ASN1_OBJECT_free(object);
}

static void set_names(X509 *certificate, const char *cn, X509 *issuer)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Corp", -1, -1,
                               0);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
}

static void set_serial(X509 *certificate)
{
    guint8 bytes[8];
    RAND_bytes(bytes, sizeof bytes);
    bytes[0] = (bytes[0] & 0x7f) | 1;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
}

static const char *or_else(const char *value, const char *ordinary)
{
    return value ? value : ordinary;
}

Identity *identity_new(const Recipe *recipe, const Identity *issuer)
{
    Identity *made = g_new0(Identity, 1);
    X509 *certificate = made->certificate = X509_new();
    made->key = recipe->rsa_bits ? EVP_RSA_gen((unsigned)recipe->rsa_bits) : EVP_EC_gen("P-256");
    X509 *above = issuer ? issuer->certificate : certificate;
    X509_set_version(certificate, X509_VERSION_3);
    set_serial(certificate);
    set_names(certificate, or_else(recipe->cn, "test"), above);
    X509_gmtime_adj(X509_getm_notBefore(certificate),
                    (recipe->from_days ? recipe->from_days : -1) * (long)DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate),
                    (recipe->to_days ? recipe->to_days : 1) * (long)DAY);
    X509_set_pubkey(certificate, made->key);
    extend(certificate, above, NID_basic_constraints, or_else(recipe->basic, "critical,CA:FALSE"));
    extend(certificate, above, NID_subject_alt_name, or_else(recipe->san, "DNS:" PEER_HOST));
    extend(certificate, above, NID_key_usage, recipe->usage);
    extend(certificate, above, NID_ext_key_usage, or_else(recipe->purpose, "serverAuth"));
    extend(certificate, above, NID_name_constraints, recipe->constraints);
    extend(certificate, above, NID_tlsfeature, recipe->tlsfeature);
    extend(certificate, above, NID_subject_key_identifier, "hash");
    extend(certificate, above, NID_authority_key_identifier, issuer ? "keyid" : NULL);
    extend_oddly(certificate, recipe->odd);
    if (!X509_sign(certificate, issuer ? issuer->key : made->key,
                   recipe->sha1 ? EVP_sha1() : EVP_sha256()))
        g_error("a certificate cannot be signed");
    return made;
}

void identity_free(Identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    g_free(identity);
}

GBytes *identity_pem(const Identity *identity)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, identity->certificate);
    char *text;
    long size = BIO_get_mem_data(bio, &text);
    GBytes *pem = g_bytes_new(text, (gsize)size);
    BIO_free(bio);
    return pem;
}

char *identity_pin(const Identity *identity)
{
    guint8 *der = NULL;
    guint8 digest[32];
    int size = i2d_PUBKEY(identity->key, &der);
    EVP_Digest(der, (gsize)size, digest, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    g_autofree char *base64 = g_base64_encode(digest, sizeof digest);
    return g_strconcat("sha256/", base64, NULL);
}

const Identity *peer_ca(void)
{
    static gsize ca;
    if (g_once_init_enter(&ca))
        g_once_init_leave(&ca, (gsize)identity_new(&recipe_ca, NULL));
    return (const Identity *)ca;
}

const Identity *peer_identity(void)
{
    static gsize server;
    if (g_once_init_enter(&server))
        g_once_init_leave(&server, (gsize)identity_new(&(Recipe){0}, peer_ca()));
    return (const Identity *)server;
}

Session *peer_session(Scheme scheme)
{
    Session *session = g_new0(Session, 1);
    session->scheme = scheme;
    session->host = g_strdup(PEER_HOST);
    session->login = g_strdup("john");
    session->secret = secret_new("pass word", 9);
    session->ca_sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(session->ca_sets, identity_pem(peer_ca()));
    session->pins = g_new0(char *, 1);
    return session;
}

void session_done(Session *session)
{
    session_clear(session);
    g_free(session);
}

/* ---- the peer ---- */

struct Peer {
    PeerSetup setup;
    const PeerStep *steps;
    gsize n;
    GThread *thread;
    int client, server;
    SSL *ssl;
    GByteArray *heard;
    char *trouble;
};

static int staple_answer(SSL *ssl, void *user)
{
    GBytes *staple = user;
    gsize size;
    const void *data = g_bytes_get_data(staple, &size);
    SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(data, size), (long)size);
    return SSL_TLSEXT_ERR_OK;
}

static int remember_hello(SSL *ssl, int *alert, void *user)
{
    static const unsigned int resuming[] = {TLSEXT_TYPE_session_ticket, TLSEXT_TYPE_psk,
                                            TLSEXT_TYPE_early_data};
    PeerMemory *memory = user;
    const unsigned char *id, *ignored;
    gsize size;
    (void)alert;
    for (gsize i = 0; i < G_N_ELEMENTS(resuming); i++)
        memory->offered |= SSL_client_hello_get0_ext(ssl, resuming[i], &ignored, &size);
    size = SSL_client_hello_get0_session_id(ssl, &id);
    memory->offered |= size > 0 && size == memory->id_size && memcmp(id, memory->id, size) == 0;
    return SSL_CLIENT_HELLO_SUCCESS;
}

static void remember_session(PeerMemory *memory, SSL *ssl)
{
    const unsigned char *id = SSL_SESSION_get_id(SSL_get0_session(ssl), &memory->id_size);
    memcpy(memory->id, id, memory->id_size);
    memory->resumed |= SSL_session_reused(ssl);
}

static void count_hello(int sent, int version, int type, const void *bytes, size_t size, SSL *ssl,
                        void *user)
{
    (void)version, (void)ssl;
    if (!sent && type == SSL3_RT_HANDSHAKE && size > 0 &&
        *(const guint8 *)bytes == SSL3_MT_CLIENT_HELLO)
        ++*(guint *)user;
}

static gboolean act_tls(Peer *peer)
{
    const PeerSetup *setup = &peer->setup;
    const Identity *identity = setup->identity ? setup->identity : peer_identity();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, setup->max_version);
    SSL_CTX_set_cipher_list(context, setup->ciphers ? setup->ciphers : "ALL:@SECLEVEL=0");
    SSL_CTX_use_certificate(context, identity->certificate);
    SSL_CTX_use_PrivateKey(context, identity->key);
    if (setup->between)
        SSL_CTX_add1_chain_cert(context, setup->between->certificate);
    if (setup->staple) {
        SSL_CTX_set_tlsext_status_cb(context, staple_answer);
        SSL_CTX_set_tlsext_status_arg(context, setup->staple);
    }
    if (setup->memory)
        SSL_CTX_set_client_hello_cb(context, remember_hello, setup->memory);
    if (setup->hellos) {
        SSL_CTX_set_msg_callback(context, count_hello);
        SSL_CTX_set_msg_callback_arg(context, setup->hellos);
    }
    peer->ssl = SSL_new(context);
    SSL_CTX_free(context);
    SSL_set_fd(peer->ssl, peer->server);
    gboolean good = SSL_accept(peer->ssl) == 1;
    if (good && setup->memory)
        remember_session(setup->memory, peer->ssl);
    return good;
}

static gboolean say(Peer *peer, const char *bytes, gsize size)
{
    while (size > 0) {
        gssize sent = peer->ssl ? SSL_write(peer->ssl, bytes, (int)size)
                                : send(peer->server, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return FALSE;
        bytes += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

static gboolean hear(Peer *peer)
{
    guint8 byte;
    gssize got = peer->ssl ? SSL_read(peer->ssl, &byte, 1) : recv(peer->server, &byte, 1, 0);
    if (got == 1)
        g_byte_array_append(peer->heard, &byte, 1);
    return got == 1;
}

static gboolean hear_until(Peer *peer, const char *end)
{
    gsize from = peer->heard->len, length = strlen(end);
    while (hear(peer)) {
        gsize have = peer->heard->len;
        if (have - from >= length && memcmp(peer->heard->data + have - length, end, length) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean act_expect(Peer *peer, const PeerStep *step)
{
    gsize from = peer->heard->len;
    return hear_until(peer, "\n") && peer->heard->len - from >= step->size &&
           memcmp(peer->heard->data + from, step->bytes, step->size) == 0;
}

static gboolean act_take(Peer *peer, const PeerStep *step)
{
    gsize n = 0;
    while (n < step->size && hear(peer))
        n++;
    return n == step->size;
}

static gboolean act_slowly(Peer *peer, const PeerStep *step)
{
    for (gsize i = 0; i < step->size; i++) {
        if (!say(peer, step->bytes + i, 1))
            return FALSE;
        g_usleep(200);
    }
    return TRUE;
}

static gboolean act_bind(Peer *peer)
{
    guint8 binding[32];
    return SSL_export_keying_material(peer->ssl, binding, sizeof binding,
                                      "EXPORTER-Channel-Binding", 24, (const guint8 *)"", 0,
                                      1) == 1 &&
           say(peer, (const char *)binding, sizeof binding);
}

static gboolean act_wait(Peer *peer)
{
    while (hear(peer))
        ;
    return TRUE;
}

static gboolean act_close(Peer *peer)
{
    if (peer->ssl)
        SSL_shutdown(peer->ssl);
    shutdown(peer->server, SHUT_WR);
    return act_wait(peer);
}

static gboolean act_drop(Peer *peer)
{
    shutdown(peer->server, SHUT_WR);
    return act_wait(peer);
}

static gboolean act(Peer *peer, const PeerStep *step)
{
    switch (step->act) {
    case ACT_TLS: return act_tls(peer);
    case ACT_SEND: return say(peer, step->bytes, step->size);
    case ACT_SLOWLY: return act_slowly(peer, step);
    case ACT_EXPECT: return act_expect(peer, step);
    case ACT_TAKE: return act_take(peer, step);
    case ACT_BODY: return hear_until(peer, "\r\n.\r\n");
    case ACT_PACKED: return hear_until(peer, "\xff\xff");
    case ACT_FLOOD:
        while (say(peer, step->bytes, step->size))
            ;
        return TRUE;
    case ACT_AGAIN: return SSL_renegotiate(peer->ssl) == 1 && SSL_do_handshake(peer->ssl) == 1;
    case ACT_BIND: return act_bind(peer);
    case ACT_WAIT: return act_wait(peer);
    case ACT_PAUSE: g_usleep(50 * 1000); return TRUE;
    case ACT_CLOSE: return act_close(peer);
    case ACT_DROP: return act_drop(peer);
    }
    return FALSE;
}

static gpointer play(gpointer user)
{
    Peer *peer = user;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (gsize i = 0; i < peer->n && peer->trouble == NULL; i++) {
        ERR_clear_error();
        if (!act(peer, &peer->steps[i]))
            peer->trouble = g_strdup_printf("step %" G_GSIZE_FORMAT " (%.*s) did not come to pass",
                                            i, (int)MIN(peer->steps[i].size, 40),
                                            or_else(peer->steps[i].bytes, ""));
    }
    shutdown(peer->server, SHUT_RDWR);
    ERR_clear_error();
    return NULL;
}

Peer *peer_start(const PeerSetup *setup, const PeerStep *steps, gsize n)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        g_error("socketpair failed");
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    Peer *peer = g_new0(Peer, 1);
    peer->setup = setup ? *setup : (PeerSetup){0};
    peer->steps = steps;
    peer->n = n;
    peer->client = pair[0];
    peer->server = pair[1];
    peer->heard = g_byte_array_new();
    peer->thread = g_thread_new("peer", play, peer);
    return peer;
}

int peer_fd(const Peer *peer)
{
    return peer->client;
}

GByteArray *peer_finish(Peer *peer, char **trouble)
{
    g_thread_join(peer->thread);
    SSL_free(peer->ssl);
    close(peer->server);
    GByteArray *heard = peer->heard;
    if (trouble)
        *trouble = g_steal_pointer(&peer->trouble);
    g_free(peer->trouble);
    g_free(peer);
    return heard;
}
