/*
 * given — a message that another program wrote, as a letter: its own header fields and content are
 * kept, its Bcc and Sender are not. What could not leave as it is (8-bit text, overlong lines) is
 * encoded, part by part, unless it is protected already.
 */
#pragma once

#include "mime/compose.h"

typedef struct {
    Letter *letter;             /* without From and without recipients */
    LetterIdentity *identity;   /* its own Date and Message-ID; NULL where it has not got both */
    char *from, *to, *cc, *bcc; /* field values, unfolded; several of a name with ", "; or NULL */
    gboolean resent;            /* it has Resent- fields, which say other recipients */
    gboolean is_protected;      /* it is signed or encrypted already */
    gboolean seven_bit;         /* its content survives every server: it may be signed in clear */
} Given;

/* RAW: lines ended by LF or CRLF; a first line "From …" of an mbox is passed over. 65 "send.value":
 * a field with NUL, CR or another control, or that no line could hold; "send.body": content with
 * NUL. */
Given *given_read(GBytes *raw, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void given_free(Given *given);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Given, given_free)
