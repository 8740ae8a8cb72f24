/*
 * mechanism — what a login mechanism is to net/sasl.c, which alone includes this, with the
 * net/mech-*.c that implement them.
 */
#pragma once

#include "net/sasl.h"

struct Mechanism {
    const char *name;
    gboolean client_first; /* the first answer may travel with the command (RFC 4422, 3) */
    gboolean token;        /* the secret is a token or ticket: used only where ;AUTH= names the mechanism */
    gboolean relayed;      /* its tokens are made elsewhere: wants a relay */
    gboolean bound;        /* wants a channel binding */
    gboolean proves;       /* the last answer is to the server's proof that it knows us */
    guint answers;         /* how many a login takes: a yes before the last is a violation */
    guint most;            /* and how many when an error is to be acknowledged */
    /* Answer number exchange->step, from 0, to a challenge of SIZE bytes. */
    Secret *(*answer)(Exchange *exchange, const guint8 *challenge, gsize size, GError **error);
};

/* mech-password.c */
extern const Mechanism mechanism_plain, mechanism_login, mechanism_cram_md5;
/* mech-scram.c */
extern const Mechanism mechanism_scram_sha_1, mechanism_scram_sha_256, mechanism_scram_sha_1_plus,
    mechanism_scram_sha_256_plus;
/* mech-token.c */
extern const Mechanism mechanism_oauthbearer, mechanism_xoauth2;

/* mech-gssapi.c */
extern const Mechanism mechanism_gssapi;

/* The bytes of strict base64, *size of them and the caller's; NULL for anything else. */
guint8 *base64_strict(const char *base64, gsize *size);

/* An answer of SIZE bytes from plain memory, which is wiped and freed. */
Secret *answer_take(void *bytes, gsize size);
