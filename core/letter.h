/*
 * letter — plain structs that folders hand each other about one message. No behaviour but
 * freeing. Strings are valid UTF-8 and the struct's own; arrays hold char * unless said.
 */
#pragma once

#include <glib.h>

/* One mailbox of an address list: `address` is "local@domain", `name` may be NULL. */
typedef struct {
    char *name;
    char *address;
} Mailbox;

void mailbox_free(Mailbox *mailbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mailbox, mailbox_free)

/* A public key that came in the header of a mail, for its sender or, under encryption, for another
 * of its recipients. */
typedef struct {
    char *address; /* lower case */
    char *sayer;   /* the sender, lower case, when ADDRESS is another's; else NULL */
    GBytes *key;   /* OpenPGP, binary */
    gint64 date;   /* what the mail says of when it was written; 0 when it does not */
} CarriedKey;

void carried_key_free(CarriedKey *carried);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CarriedKey, carried_key_free)

/* What the index is told about a message. */
typedef struct {
    char *subject;          /* decoded; "" when there is none */
    char *from;             /* decoded, "Name <address>", several parted by ", " */
    char *to;               /* the same, one a line, and the next likewise */
    char *cc;
    char *list;             /* List-Id, or NULL */
    char *message_id;       /* without <>, or NULL */
    GPtrArray *references;  /* message ids, oldest first, In-Reply-To last; bounded */
    char *body;             /* text of every text part */
    char *filenames;        /* attachment names, one a line, or NULL */
    char *snippet;          /* the start of the readable text, one line */
    guint attachments;
    gboolean encrypted;     /* the root part was */
    gboolean is_signed;     /* a signature is present somewhere */
    gboolean truncated;     /* there is more in it than could be read; see mime/message.h */
    gboolean sensitive;     /* a rule of the configuration says so */
    CarriedKey *carried;    /* one that may be shown to its user, or NULL */
    GPtrArray *gossip;      /* CarriedKey *: those of others, from under encryption; or NULL */
    enum { SIGNATURE_NONE, SIGNATURE_PRESENT, SIGNATURE_GOOD_AT_INDEX } signature;
} IndexDoc;

IndexDoc *index_doc_new(void);
/* Leaves what header fields say. */
void index_doc_drop_text(IndexDoc *doc);
void index_doc_free(IndexDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexDoc, index_doc_free)

typedef enum {
    SIG_GOOD, SIG_BAD, SIG_UNKNOWN_KEY, SIG_EXPIRED_KEY, SIG_REVOKED_KEY, SIG_ERROR,
} SignatureStatus;

typedef enum { TRUST_UNKNOWN, TRUST_SEEN, TRUST_CONFIRMED, TRUST_OWN } SignerTrust;

typedef struct {
    SignatureStatus status;
    char *fingerprint;      /* or NULL */
    char *signer;           /* user id, or NULL when the key is not here */
    gint64 created;         /* seconds since 1970, 0 when unknown */
    gboolean from_matches;  /* one of the key's valid user ids carries the From address */
    SignerTrust trust;
    gboolean whole;         /* it covers the root part, not only a part further in */
    gboolean smime;         /* made with a certificate, not with an OpenPGP key */
} Signature;

void signature_free(Signature *signature);

/* What a reader should know before he believes a message. */
typedef struct {
    char *name; /* "look-alike"; postern(1) lists them */
    char *text; /* a sentence without full stop; foreign words in it are not made safe */
} Warning;

/* A header field by its name. */
typedef struct {
    char *name, *value;
} OuterField;

/* What protected a message, and whom to believe. */
typedef struct {
    gboolean encrypted;         /* only when the root part was */
    GPtrArray *signatures;      /* Signature * */
    gboolean header_protection; /* protected header fields replaced the outer ones */
    GPtrArray *recipients;      /* char *: OpenPGP key ids it is encrypted to, zeros for one not told */
    GPtrArray *outer;           /* OuterField *: outer fields that say something else than is shown */
    GPtrArray *warnings;        /* Warning * */
} Protection;

Protection *protection_new(void);
void protection_free(Protection *protection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Protection, protection_free)

/* Adds a warning. */
void protection_warn(Protection *protection, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

const char *signature_status_name(SignatureStatus status); /* as in the JSON contract */
const char *signer_trust_name(SignerTrust trust);
