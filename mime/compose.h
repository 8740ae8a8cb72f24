/*
 * compose — builds what will be sent (RFC 5322, 2045, 2047, 2231), through GMime.
 */
#pragma once

#include <glib.h>

#include "core/letter.h"

/* A part that is passed on out of another message, which may say of it what it likes. */
typedef struct {
    char *filename; /* or NULL */
    char *type;
    GBytes *bytes;
} Enclosure;

typedef struct {
    Mailbox *from;
    GPtrArray *to, *cc, *bcc; /* Mailbox * */
    char *subject;
    const char *sensitivity; /* the field's value (RFC 2156, 2.4.9), or NULL; not owned */
    const char *user_agent;  /* the same */
    char *autocrypt;         /* value of that field (mime/autocrypt.h), or NULL */
    GPtrArray *gossip;       /* char *: Autocrypt-Gossip, under encryption alone; or NULL */
    char *body;              /* UTF-8 text */
    GPtrArray *attachments;  /* char * paths; the type comes from the content (GIO) */
    GPtrArray *enclosures;   /* Enclosure *, behind these */
    char *in_reply_to;       /* message id without <>, or NULL */
    GPtrArray *references;   /* message ids without <> */
    gboolean own;            /* the sender's own copy, which alone says Bcc */
    /* Of a message that another program wrote (mime/given.h), else NULL: */
    GBytes *entity; /* in the place of body and attachments: Content-Type first, CRLF */
    char *further;  /* fields that are kept, CRLF; of an encrypted letter inside alone */
    GPtrArray *shown_to, *shown_cc; /* Mailbox *: what To and Cc say, whoever gets it */
} Letter;

/* The mark of sensitivity that VALUE is, in any case, of the three there are (RFC 2156, 2.4.9);
 * NULL for none. */
const char *letter_mark(const char *value);

/* Adds one; all is copied, or a reference taken. */
void letter_enclose(Letter *letter, const char *filename, const char *type, GBytes *bytes);

Letter *letter_new(void);
void letter_free(Letter *letter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Letter, letter_free)

/* "Name <a@b>, c@d" to Mailbox *s; 65, "send.address", for what RFC 5322 does not allow, for
 * source routes, and for addresses longer than LIMIT_ADDRESS. Domains become A-labels. */
GPtrArray *address_parse_list(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
Mailbox *address_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The MIME entity to be protected or sent: body and attachments with their own Content-*
 * fields, CRLF line ends, 7bit-safe. When PROTECTED, it also carries the letter's From, To, Cc,
 * Subject, Date and Message-ID with Content-Type parameter hp="cipher" or "clear" (RFC 9788).
 * Attachments that cannot be read fail with 65, "send.attachment".
 */
typedef enum { PROTECT_NONE, PROTECT_SIGNED, PROTECT_ENCRYPTED } HeaderProtection;

typedef struct {
    char *message_id; /* <random@domain of From> without the <> */
    char *date;       /* RFC 5322 */
} LetterIdentity;

LetterIdentity *letter_identity_new(const Letter *letter);
/* Its date in our time zone, in place of UTC. */
void letter_identity_localize(LetterIdentity *identity);
void letter_identity_free(LetterIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LetterIdentity, letter_identity_free)

GBytes *compose_entity(const Letter *letter, const LetterIdentity *identity,
                       HeaderProtection protection, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The whole message, CRLF: outer header fields (Bcc in an `own` one alone, and not outside of what
 * is ENCRYPTED; Subject "[...]" and no Sensitivity when ENCRYPTED) before ENTITY, whose own
 * Content-* fields stay at its head.
 */
GBytes *compose_message(const Letter *letter, const LetterIdentity *identity, GBytes *entity,
                        gboolean encrypted);

/* multipart/encrypted around an armored OpenPGP message (RFC 3156, 4). */
GBytes *compose_encrypted(GBytes *armored);
/* multipart/signed around ENTITY and its detached armored signature; MICALG like "pgp-sha256". */
GBytes *compose_signed(GBytes *entity, GBytes *signature, const char *micalg);
