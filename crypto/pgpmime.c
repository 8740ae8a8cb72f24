/* See pgpmime.h. Header fields are the business of protected.c. */
#include "crypto/pgpmime.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp.h"
#include "crypto/protected.h"

/* A multipart/signed whose signature was looked at. */
typedef struct {
    guint covered; /* the part under it */
    int worst;     /* index of the worst of its signatures */
} Frame;

typedef struct {
    Reading *reading;
    Message *outer; /* as it came; the reading's own unless that was found inside */
    char *from;     /* the outer From address, or NULL */
    gboolean gpg;   /* may it be called? */
    int base;       /* the worst signature inside the encryption itself, or -1 */
    GArray *frames;
} Opening;

static void block_free(gpointer data)
{
    Block *block = data;
    g_free(block->text);
    g_free(block);
}

void reading_free(Reading *reading)
{
    if (reading == NULL)
        return;
    message_free(reading->message);
    g_ptr_array_unref(reading->blocks);
    protection_free(reading->protection);
    g_clear_error(&reading->locked);
    g_free(reading);
}

static void add_block(Reading *reading, guint part, char *text, int signature)
{
    Block *block = g_new0(Block, 1);
    block->part = part;
    block->text = text;
    block->signature = signature;
    block->encrypted = reading->protection->encrypted;
    g_ptr_array_add(reading->blocks, block);
}

/* --- structure ----------------------------------------------------------------------------- */

/* The children of PARENT if there are exactly two, else FALSE. */
static gboolean two_children(const Message *message, guint parent, guint children[static 2])
{
    guint found = 0;
    for (guint n = parent + 1; n <= message_part_count(message); n++) {
        if (message_part(message, n)->parent != parent)
            continue;
        if (found == 2)
            return FALSE;
        children[found++] = n;
    }
    return found == 2;
}

/* A multipart of TYPE with PROTOCOL and two children, of which that at MACHINERY is of that type.
 */
static gboolean is_protected(const Message *message, guint n, const char *type,
                             const char *protocol, guint machinery, guint children[static 2])
{
    if (strcmp(message_part(message, n)->type, type) != 0 || !two_children(message, n, children) ||
        strcmp(message_part(message, children[machinery])->type, protocol) != 0)
        return FALSE;
    g_autofree char *said = message_part_parameter(message, n, "protocol");
    return said != NULL && g_ascii_strcasecmp(said, protocol) == 0;
}

static gboolean is_version_one(const Message *message, guint n)
{
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strstrip(g_strndup(data ? data : "", MIN(size, 100)));
    return g_ascii_strncasecmp(text, "Version: 1", strlen("Version: 1")) == 0 &&
           !g_ascii_isdigit(text[strlen("Version: 1")]);
}

/* --- decryption ---------------------------------------------------------------------------- */

static int badness(const Signature *signature)
{
    static const int order[] = {
        [SIG_GOOD] = 0,         [SIG_UNKNOWN_KEY] = 10, [SIG_EXPIRED_KEY] = 20,
        [SIG_REVOKED_KEY] = 30, [SIG_ERROR] = 40,       [SIG_BAD] = 50,
    };
    return order[signature->status] + (TRUST_OWN - (int)signature->trust);
}

/* Index of the worst signature from FIRST on, -1 for none; all of them get WHOLE. */
static int close_group(Reading *reading, guint first, gboolean whole)
{
    GPtrArray *signatures = reading->protection->signatures;
    int worst = -1;
    for (guint i = first; i < signatures->len; i++) {
        Signature *signature = g_ptr_array_index(signatures, i);
        signature->whole = whole;
        if (worst < 0 || badness(signature) > badness(g_ptr_array_index(signatures, worst)))
            worst = (int)i;
    }
    return worst;
}

static GBytes *decrypt_root(Opening *opening, guint n, GError **error)
{
    if (!opening->gpg) {
        refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked", "unlock the key and try again",
               "the message is encrypted and was not opened");
        return NULL;
    }
    g_autoptr(GBytes) sealed = message_part_bytes(opening->outer, n);
    return pgp_decrypt(sealed, opening->from, opening->reading->protection->signatures, error);
}

/* Opens an encrypted root: the message inside is shown, under the outer header for now. */
static void open_root(Opening *opening)
{
    Reading *reading = opening->reading;
    guint children[2];
    reading->protection->encrypted = TRUE;
    if (!is_protected(opening->outer, 1, "multipart/encrypted", "application/pgp-encrypted", 0,
                      children) ||
        !is_version_one(opening->outer, children[0])) {
        reading->protection->encrypted = FALSE;
        refuse(&reading->locked, POSTERN_ERROR_INPUT, "openpgp.data",
               "ask the sender to send it again",
               "the encrypted message is not built as RFC 3156 wants and stays closed");
        return;
    }
    g_autoptr(GBytes) plain = decrypt_root(opening, children[1], &reading->locked);
    if (plain == NULL) {
        g_ptr_array_set_size(reading->protection->signatures, 0);
        return;
    }
    opening->base = close_group(reading, 0, TRUE);
    reading->message = message_parse(plain);
    message_take_headers(reading->message, message_part_headers(opening->outer, 1));
}

/* --- signatures ---------------------------------------------------------------------------- */

/* Line ends as they were signed: CRLF. */
static GBytes *canonical(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GByteArray) out = g_byte_array_sized_new((guint)MIN(size + size / 16, G_MAXINT));
    gsize done = 0;
    for (gsize i = 0; i < size; i++) {
        if (data[i] != '\n' || (i > 0 && data[i - 1] == '\r'))
            continue;
        g_byte_array_append(out, (const guint8 *)data + done, (guint)(i - done));
        g_byte_array_append(out, (const guint8 *)"\r\n", 2);
        done = i + 1;
    }
    if (done == 0)
        return g_bytes_ref(bytes);
    g_byte_array_append(out, (const guint8 *)data + done, (guint)(size - done));
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static void verify_part(Opening *opening, guint n, const guint children[static 2])
{
    Reading *reading = opening->reading;
    GPtrArray *signatures = reading->protection->signatures;
    guint first = signatures->len;
    g_autoptr(GBytes) raw = message_part_raw(reading->message, children[0]);
    g_autoptr(GBytes) text = canonical(raw);
    g_autoptr(GBytes) signature = message_part_bytes(reading->message, children[1]);
    if (g_bytes_get_size(signature) > LIMIT_SIGNATURE_BYTES ||
        !pgp_verify(text, signature, opening->from, signatures, NULL)) {
        /* No verdict at all: it is told as a fault, not passed over. */
        Signature *fault = g_new0(Signature, 1);
        fault->status = SIG_ERROR;
        g_ptr_array_add(signatures, fault);
    }
    Frame frame = {children[0], close_group(reading, first, n == 1)};
    g_array_append_val(opening->frames, frame);
}

static void verify_parts(Opening *opening)
{
    const Message *message = opening->reading->message;
    guint children[2];
    for (guint n = 1; n <= message_part_count(message); n++)
        if (opening->frames->len < LIMIT_SIGNED_PARTS &&
            is_protected(message, n, "multipart/signed", "application/pgp-signature", 1, children))
            verify_part(opening, n, children);
}

/* The signature that covers part N: of the innermost frame, else that of the encryption. */
static int signature_of(const Opening *opening, guint n)
{
    for (; n > 0; n = message_part(opening->reading->message, n)->parent)
        for (guint i = 0; i < opening->frames->len; i++) {
            const Frame *frame = &g_array_index(opening->frames, Frame, i);
            if (frame->covered == n)
                return frame->worst;
        }
    return opening->base;
}

/* --- what the reader sees ------------------------------------------------------------------ */

static Signature *whole_good(const Reading *reading)
{
    const GPtrArray *signatures = reading->protection->signatures;
    Signature *good = NULL;
    for (guint i = 0; i < signatures->len; i++) {
        Signature *signature = g_ptr_array_index(signatures, i);
        if (signature->whole && signature->status != SIG_GOOD)
            return NULL;
        if (signature->whole)
            good = signature;
    }
    return good;
}

/* Does the signer of the whole message own ADDRESS, as far as the user has confirmed that? */
static gboolean vouched(const Signature *signature, const char *address)
{
    if (signature == NULL || signature->fingerprint == NULL || address == NULL)
        return FALSE;
    g_autofree char *confirmed = pgp_find_recipient(address, NULL);
    return g_strcmp0(confirmed, signature->fingerprint) == 0;
}

static void protect_headers(Opening *opening)
{
    Reading *reading = opening->reading;
    Signature *signature = whole_good(reading);
    if ((!reading->protection->encrypted && signature == NULL) ||
        !protected_present(reading->message))
        return;
    g_autoptr(GPtrArray) claimed =
        message_part_headers(reading->message, protected_payload(reading->message));
    g_autofree char *inner = protected_from(claimed);
    gboolean same = inner != NULL && g_strcmp0(inner, opening->from) == 0;
    gboolean ours = !same && vouched(signature, inner);
    message_take_headers(reading->message,
                         protected_fields(opening->outer, reading->message, !same && !ours));
    if (ours)
        signature->from_matches = TRUE;
    reading->protection->header_protection = TRUE;
}

static void make_blocks(Opening *opening)
{
    Reading *reading = opening->reading;
    g_autoptr(GArray) readable = message_readable_parts(reading->message);
    for (guint i = 0; i < readable->len; i++) {
        guint n = g_array_index(readable, guint, i);
        add_block(reading, n, message_part_text(reading->message, n), signature_of(opening, n));
    }
}

Reading *reading_open(GBytes *bytes, gboolean decrypt)
{
    Reading *reading = g_new0(Reading, 1);
    reading->blocks = g_ptr_array_new_with_free_func(block_free);
    reading->protection = protection_new();
    g_autoptr(Message) outer = message_parse(bytes);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GPtrArray) fields = message_part_headers(outer, 1);
    g_autofree char *from = protected_from(fields);
    Opening opening = {reading, outer, from, decrypt, -1, frames};
    if (strcmp(message_part(outer, 1)->type, "multipart/encrypted") == 0)
        open_root(&opening);
    if (reading->locked != NULL) {
        reading->message = g_steal_pointer(&outer);
        add_block(reading, 1, g_strdup(""), -1);
        return reading;
    }
    if (reading->message == NULL)
        reading->message = g_steal_pointer(&outer);
    if (decrypt)
        verify_parts(&opening);
    protect_headers(&opening);
    make_blocks(&opening);
    return reading;
}

static gboolean looks_signed(const Reading *reading)
{
    for (guint n = 1; n <= message_part_count(reading->message); n++)
        if (strcmp(message_part(reading->message, n)->type, "multipart/signed") == 0)
            return TRUE;
    return reading->protection->signatures->len > 0;
}

IndexDoc *reading_index_doc(const Reading *reading)
{
    IndexDoc *doc = message_index_doc(reading->message);
    const Signature *good = whole_good(reading);
    doc->encrypted = reading->protection->encrypted;
    doc->is_signed = looks_signed(reading);
    if (good != NULL && good->from_matches && good->trust >= TRUST_CONFIRMED)
        doc->signature = SIGNATURE_GOOD_AT_INDEX;
    else if (doc->is_signed)
        doc->signature = SIGNATURE_PRESENT;
    return doc;
}
