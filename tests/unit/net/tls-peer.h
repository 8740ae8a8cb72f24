/*
 * tls-peer — the other end of a connection, for tests: a thread that plays a script over one end
 * of a socketpair, in clear or as a TLS server, with certificates made on the spot.
 *
 *     static const PeerStep script[] = {PEER_TLS(), PEER_SEND("+OK hello\r\n"),
 *                                       PEER_EXPECT("QUIT"), PEER_SEND("+OK\r\n"), PEER_CLOSE()};
 *     Peer *peer = peer_start(NULL, script, G_N_ELEMENTS(script));
 *     … pop3_open(peer_fd(peer), peer_session(), &error) …
 *     g_autoptr(GByteArray) heard = peer_finish(peer, &trouble);
 *
 * A step that does not come to pass ends the script, as PEER_DROP would.
 */
#pragma once

#include <openssl/ssl.h>

#include "net/session.h"

#define PEER_HOST "mail.corp.example"

typedef enum {
    ACT_TLS,    /* TLS server handshake */
    ACT_SEND,   /* sends the bytes */
    ACT_SLOWLY, /* sends the bytes one in a packet */
    ACT_EXPECT, /* reads one line, which must begin with the bytes */
    ACT_TAKE,   /* reads SIZE bytes */
    ACT_BODY,   /* reads up to and with CRLF "." CRLF */
    ACT_PACKED, /* reads up to and with the end of a compressed piece (Z_SYNC_FLUSH) */
    ACT_FLOOD,  /* sends the bytes again and again until the client is gone */
    ACT_AGAIN,  /* asks for another handshake inside the connection (TLS 1.2) */
    ACT_BIND,   /* sends its tls-exporter channel binding (RFC 9266) */
    ACT_WAIT,   /* reads until the client is gone */
    ACT_PAUSE,  /* waits 50 ms */
    ACT_CLOSE,  /* close_notify, then closes */
    ACT_DROP,   /* closes without close_notify */
} PeerAct;

typedef struct {
    PeerAct act;
    const char *bytes;
    gsize size;
} PeerStep;

#define PEER_TLS()                                                                                 \
    {                                                                                              \
        ACT_TLS, NULL, 0                                                                           \
    }
#define PEER_SEND(literal)                                                                         \
    {                                                                                              \
        ACT_SEND, literal, sizeof(literal) - 1                                                     \
    }
#define PEER_SEND_BYTES(start, count)                                                              \
    {                                                                                              \
        ACT_SEND, start, count                                                                     \
    }
#define PEER_SLOWLY(literal)                                                                       \
    {                                                                                              \
        ACT_SLOWLY, literal, sizeof(literal) - 1                                                   \
    }
#define PEER_EXPECT(literal)                                                                       \
    {                                                                                              \
        ACT_EXPECT, literal, sizeof(literal) - 1                                                   \
    }
#define PEER_BODY()                                                                                \
    {                                                                                              \
        ACT_BODY, NULL, 0                                                                          \
    }
#define PEER_PACKED()                                                                              \
    {                                                                                              \
        ACT_PACKED, NULL, 0                                                                        \
    }
#define PEER_FLOOD(literal)                                                                        \
    {                                                                                              \
        ACT_FLOOD, literal, sizeof(literal) - 1                                                    \
    }
#define PEER_BIND()                                                                                \
    {                                                                                              \
        ACT_BIND, NULL, 0                                                                          \
    }
#define PEER_AGAIN()                                                                               \
    {                                                                                              \
        ACT_AGAIN, NULL, 0                                                                         \
    }
#define PEER_WAIT()                                                                                \
    {                                                                                              \
        ACT_WAIT, NULL, 0                                                                          \
    }
#define PEER_PAUSE()                                                                               \
    {                                                                                              \
        ACT_PAUSE, NULL, 0                                                                         \
    }
#define PEER_CLOSE()                                                                               \
    {                                                                                              \
        ACT_CLOSE, NULL, 0                                                                         \
    }
#define PEER_DROP()                                                                                \
    {                                                                                              \
        ACT_DROP, NULL, 0                                                                          \
    }

/* How a certificate is made; zero means the ordinary thing. Extensions as in openssl.cnf. */
typedef struct {
    const char *cn;          /* "test" */
    const char *san;         /* "DNS:mail.corp.example"; "" for none */
    const char *basic;       /* "critical,CA:FALSE"; "" for none */
    const char *usage;       /* keyUsage, none */
    const char *purpose;     /* extendedKeyUsage "serverAuth"; "" for none */
    const char *constraints; /* nameConstraints, none */
    const char *tlsfeature;  /* none */
    const char *odd;         /* object id of an unknown critical extension */
    int from_days, to_days;  /* -1 and +1 from now */
    int rsa_bits;            /* 0: EC P-256 */
    gboolean sha1;           /* signed with SHA-1 rather than SHA-256 */
} Recipe;

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} Identity;

/* ISSUER NULL: signs itself. */
Identity *identity_new(const Recipe *recipe, const Identity *issuer);
void identity_free(Identity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Identity, identity_free)

extern const Recipe recipe_ca; /* a proper root or intermediate */
GBytes *identity_pem(const Identity *identity);
char *identity_pin(const Identity *identity); /* "sha256/…" */

/* The CA and the server that a peer uses when nothing else is said; made once. */
const Identity *peer_ca(void);
const Identity *peer_identity(void);

/* What a client made of what it was given on the connections before; zero at first. */
typedef struct {
    guint8 id[SSL_MAX_SSL_SESSION_ID_LENGTH]; /* of the last session */
    unsigned int id_size;
    gboolean offered; /* a ticket, a pre-shared key, early data or that session */
    gboolean resumed;
} PeerMemory;

/* How the TLS server behaves; NULL or zero is a well-behaved one. */
typedef struct {
    const Identity *identity;
    const Identity *between; /* intermediate, sent too */
    int max_version;         /* e.g. TLS1_1_VERSION */
    const char *ciphers;     /* of TLS 1.2 and older, at security level 0 */
    GBytes *staple;          /* OCSP response */
    PeerMemory *memory;
    guint *hellos; /* counts the ClientHellos of the connection */
} PeerSetup;

typedef struct Peer Peer;
Peer *peer_start(const PeerSetup *setup, const PeerStep *steps, gsize n);
int peer_fd(const Peer *peer); /* the client's end, the client's to close */

/* Joins the thread. What the client said, in clear or inside TLS; the caller's. Frees PEER; a
 * script that did not come to pass is copied to *trouble when that is not NULL. */
GByteArray *peer_finish(Peer *peer, char **trouble);

/* A session for PEER_HOST, login "john", secret "pass word", trusting peer_ca(); session_clear()
 * and g_free() by session_done(). */
Session *peer_session(Scheme scheme);
void session_done(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_done)
