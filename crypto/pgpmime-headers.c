/* See pgpmime-internal.h: header fields from under the protection, and what the outer ones say that
 * they do not. */
#include <string.h>

#include "core/text.h"
#include "crypto/pgp.h"
#include "crypto/pgpmime-internal.h"
#include "crypto/protected.h"
#include "mime/address.h"

static const HeaderField *field_of(const GPtrArray *fields, const char *name)
{
    for (guint i = 0; i < fields->len; i++) {
        const HeaderField *field = g_ptr_array_index(fields, i);
        if (g_ascii_strcasecmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

/* --- what stands outside ------------------------------------------------------------------- */

static gboolean same_words(const char *a, const char *b)
{
    g_autofree char *one = text_field(a), *other = text_field(b);
    return strcmp(one, other) == 0;
}

/* Is "NAME: VALUE" what the sender says that stands outside (RFC 9788, 2.2)? */
static gboolean told_as_outer(const GPtrArray *inner, const char *name, const char *value)
{
    for (guint i = 0; i < inner->len; i++) {
        const HeaderField *field = g_ptr_array_index(inner, i);
        const char *colon = strchr(field->value, ':');
        if (g_ascii_strcasecmp(field->name, "HP-Outer") != 0 || colon == NULL)
            continue;
        g_autofree char *said = g_strstrip(g_strndup(field->value, (gsize)(colon - field->value)));
        if (g_ascii_strcasecmp(said, name) == 0 && same_words(colon + 1, value))
            return TRUE;
    }
    return FALSE;
}

/* What programs write in the place of a subject that they encrypt. */
static gboolean is_veil(const char *name, const char *value)
{
    static const char *const words[] = {
        "...", "[...]", "Encrypted Message", "Encrypted message", "p≡p", "Re: ...", NULL};
    return strcmp(name, "Subject") == 0 && g_strv_contains(words, value);
}

static gboolean is_expected(const Opening *opening, const GPtrArray *inner, const char *name,
                            const char *value)
{
    if (!opening->reading->protection->encrypted)
        return FALSE;
    return protected_modern(opening->reading->message) ? told_as_outer(inner, name, value)
                                                       : is_veil(name, value);
}

static void add_outer(Protection *protection, const HeaderField *field)
{
    OuterField *outer = g_new0(OuterField, 1);
    outer->name = g_strdup(field->name);
    outer->value = g_strdup(field->value);
    g_ptr_array_add(protection->outer, outer);
}

/* Fields that stand outside and say something else than what is shown; INNER as they were claimed.
 */
static void compare_fields(const Opening *opening, const GPtrArray *inner)
{
    static const char *const names[] = {"From", "To", "Cc", "Date", "Subject", "Reply-To"};
    Reading *reading = opening->reading;
    g_autoptr(GPtrArray) outer = message_part_headers(opening->outer, 1);
    g_autoptr(GString) odd = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const HeaderField *field = field_of(outer, names[i]);
        const char *shown = message_header(reading->message, names[i]);
        if (field == NULL || same_words(field->value, shown ? shown : ""))
            continue;
        add_outer(reading->protection, field);
        if (!is_expected(opening, inner, names[i], field->value))
            g_string_append_printf(odd, "%s%s", odd->len ? ", " : "", names[i]);
    }
    if (odd->len > 0)
        protection_warn(reading->protection, "headers-differ",
                        "outside of its protection the letter says something else: %s", odd->str);
}

static gboolean holds(const GPtrArray *mailboxes, const char *address)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (g_ascii_strcasecmp(((Mailbox *)g_ptr_array_index(mailboxes, i))->address, address) == 0)
            return TRUE;
    return FALSE;
}

/* Signed for one and passed on to another: whoever stands outside must stand inside too. */
static void compare_recipients(const Opening *opening)
{
    static const char *const names[] = {"To", "Cc"};
    Reading *reading = opening->reading;
    g_autoptr(GPtrArray) inside = g_ptr_array_new_with_free_func(address_destroy);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) some = message_addresses(reading->message, names[i]);
        g_ptr_array_extend_and_steal(inside, g_steal_pointer(&some));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) outside = message_addresses(opening->outer, names[i]);
        for (guint n = 0; n < outside->len; n++) {
            const Mailbox *mailbox = g_ptr_array_index(outside, n);
            if (holds(inside, mailbox->address))
                continue;
            protection_warn(reading->protection, "recipients-differ",
                            "it was not written to %s, whom the outside names: somebody may have "
                            "passed it on",
                            mailbox->address);
            return;
        }
    }
}

/* --- inside -------------------------------------------------------------------------------- */

/* Does the signer of the whole message own ADDRESS, as far as the user has confirmed that? */
static gboolean vouched(const Signature *signature, const char *address)
{
    if (signature == NULL || signature->smime || address == NULL)
        return FALSE;
    g_autofree char *confirmed = pgp_find_recipient(address, NULL);
    return confirmed && g_strcmp0(confirmed, signature->fingerprint) == 0;
}

/* Is the head of the payload under encryption or a good signature? That of a text is of our own
 * making, and claims nothing. */
static gboolean head_is_covered(const Opening *opening)
{
    const Reading *reading = opening->reading;
    gboolean inside = reading->message != opening->outer;
    if (inside && reading->protection->encrypted)
        return TRUE;
    gboolean framed =
        opening->frames->len > 0 &&
        g_array_index(opening->frames, Frame, 0).covered == protected_payload(reading->message);
    return (inside || framed) && reading_whole_good(reading) != NULL;
}

void reading_protect_headers(Opening *opening)
{
    Reading *reading = opening->reading;
    if (!protected_present(reading->message) || !head_is_covered(opening))
        return;
    const Signature *signature = reading_whole_good(reading);
    g_autoptr(GPtrArray) claimed =
        message_part_headers(reading->message, protected_payload(reading->message));
    g_autofree char *inner = protected_from(claimed);
    gboolean same = inner != NULL && g_strcmp0(inner, opening->from) == 0;
    gboolean ours = !same && vouched(signature, inner);
    message_take_headers(reading->message,
                         protected_fields(opening->outer, reading->message, !same && !ours));
    for (guint i = 0; ours && i < reading->protection->signatures->len; i++) {
        Signature *each = g_ptr_array_index(reading->protection->signatures, i);
        each->from_matches |= each == signature;
    }
    reading->protection->header_protection = TRUE;
    if (inner != NULL && !same && !ours)
        protection_warn(reading->protection, "from-unvouched",
                        "inside it says that it is from %s, for which nobody vouches", inner);
    compare_fields(opening, claimed);
    if (signature != NULL)
        compare_recipients(opening);
}
