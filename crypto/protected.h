/*
 * protected — header fields from under encryption or a signature, in the place of the outer
 * ones: RFC 9788 (hp=) and its forerunners (protected-headers="v1", or no mark at all).
 */
#pragma once

#include "mime/message.h"

/* The part at whose head protected fields stand: the root, or what a signed root covers. */
guint protected_payload(const Message *message);

/* Does that part carry protected fields? Of use for a part that is covered, and so is not the head
 * of the letter as it came, which bears such fields anyway. */
gboolean protected_present(const Message *message);

/* Is it of RFC 9788, rather than of the older form? */
gboolean protected_modern(const Message *message);

/* The one From address of FIELDS (HeaderField *) in lower case; NULL for none or several. */
char *protected_from(const GPtrArray *fields);

/*
 * The fields a reader is shown; HeaderField *, owned by the array. With hp= the outer ones are
 * ignored but for what delivery adds (Received, List-Id …); without, only the fields a person
 * reads are replaced. KEEP_FROM: the outer From stays, for nobody vouches for the inner one.
 */
GPtrArray *protected_fields(const Message *outer, const Message *inner, gboolean keep_from);

/* The part, one of the first of MESSAGE, that repeats protected fields for older programs and that
 * no reader of this one needs (the older form's "legacy display"); 0 for none. */
guint protected_display_part(const Message *message);

/* TEXT of part N without the lines at its head that repeat protected fields (RFC 9788, 5.2). */
const char *protected_skip_display(const Message *message, guint n, const char *text);
