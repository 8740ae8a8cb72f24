/* See pgpmime.h: the layers around a message. Texts are in pgpmime-text.c, header fields in
 * protected.c, parts that were left closed in pgpmime-part.c. */
#include "crypto/pgpmime.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/inline-pgp.h"
#include "crypto/pgp-outline.h"
#include "crypto/pgp.h"
#include "crypto/pgpmime-internal.h"
#include "crypto/protected.h"
#include "crypto/smime.h"
#include "mime/autocrypt.h"

static void block_free(gpointer data)
{
    Block *block = data;
    g_free(block->text);
    g_free(block->closed);
    g_free(block);
}

Reading *reading_new(void)
{
    Reading *reading = g_new0(Reading, 1);
    reading->blocks = g_ptr_array_new_with_free_func(block_free);
    reading->protection = protection_new();
    return reading;
}

void reading_free(Reading *reading)
{
    if (reading == NULL)
        return;
    message_free(reading->message);
    g_ptr_array_unref(reading->blocks);
    protection_free(reading->protection);
    g_clear_pointer(&reading->file, g_bytes_unref);
    g_clear_error(&reading->locked);
    g_free(reading);
}

/* --- signatures ---------------------------------------------------------------------------- */

static int badness(const Signature *signature)
{
    static const int order[] = {
        [SIG_GOOD] = 0,         [SIG_UNKNOWN_KEY] = 10, [SIG_EXPIRED_KEY] = 20,
        [SIG_REVOKED_KEY] = 30, [SIG_ERROR] = 40,       [SIG_BAD] = 50,
    };
    return order[signature->status] + (TRUST_OWN - (int)signature->trust);
}

int reading_close_group(Reading *reading, guint first, gboolean whole)
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

void reading_add_fault(Reading *reading, gboolean smime)
{
    Signature *fault = g_new0(Signature, 1);
    fault->status = SIG_ERROR;
    fault->smime = smime;
    g_ptr_array_add(reading->protection->signatures, fault);
}

const Signature *reading_whole_good(const Reading *reading)
{
    const GPtrArray *signatures = reading->protection->signatures;
    const Signature *good = NULL;
    for (guint i = 0; i < signatures->len; i++) {
        const Signature *signature = g_ptr_array_index(signatures, i);
        if (signature->whole && signature->status != SIG_GOOD)
            return NULL;
        if (signature->whole)
            good = signature;
    }
    return good;
}

int reading_signature_of(const Opening *opening, guint n)
{
    for (; n > 0; n = message_part(opening->reading->message, n)->parent)
        for (guint i = 0; i < opening->frames->len; i++) {
            const Frame *frame = &g_array_index(opening->frames, Frame, i);
            if (frame->covered == n)
                return frame->worst;
        }
    return opening->base;
}

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

/* Looks at the signature of LAYER in MESSAGE; index of the worst. */
static int verify_layer(Opening *opening, const Message *message, Layer layer, gboolean whole)
{
    GPtrArray *signatures = opening->reading->protection->signatures;
    guint first = signatures->len;
    opening->verified++;
    gboolean smime = layer.kind == LAYER_SMIME_SIGNED;
    g_autoptr(GBytes) raw = message_part_raw(message, layer.content);
    g_autoptr(GBytes) text = canonical(raw);
    g_autoptr(GBytes) signature = message_part_bytes(message, layer.signature);
    gsize limit = smime ? LIMIT_CMS_SIGNATURE_BYTES : LIMIT_SIGNATURE_BYTES;
    gboolean told = g_bytes_get_size(signature) <= limit &&
                    (smime ? smime_verify(text, signature, opening->from, signatures, NULL)
                           : pgp_verify(text, signature, opening->from, signatures, NULL));
    if (!told)
        reading_add_fault(opening->reading, smime);
    return reading_close_group(opening->reading, first, whole);
}

static gboolean is_signed_layer(Layer layer)
{
    return layer.kind == LAYER_PGP_SIGNED || layer.kind == LAYER_SMIME_SIGNED;
}

void reading_verify_parts(Opening *opening)
{
    const Message *message = opening->reading->message;
    for (guint n = 1; n <= message_part_count(message); n++) {
        Layer layer = layer_of(message, n);
        if (!is_signed_layer(layer) || opening->verified >= LIMIT_SIGNED_PARTS)
            continue;
        Frame frame = {layer.content, verify_layer(opening, message, layer, n == 1)};
        g_array_append_val(opening->frames, frame);
    }
}

/* --- layers -------------------------------------------------------------------------------- */

static GBytes *locked(GError **error)
{
    refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked", "unlock the key and try again",
           "the message is encrypted and was not opened");
    return NULL;
}

/* A session key that does not fit after all is no reason to leave it closed. */
GBytes *reading_decrypt(Opening *opening, GBytes *sealed, GError **error)
{
    GPtrArray *signatures = opening->reading->protection->signatures;
    const Secret *key = session_keys_find(opening->keys, sealed);
    GBytes *plain = key ? pgp_decrypt_again(sealed, opening->from, key, signatures, NULL) : NULL;
    if (plain)
        return plain;
    if (opening->way != OPEN_ANY)
        return locked(error);
    return pgp_decrypt(sealed, opening->from, opening->keys, signatures, error);
}

/* What OpenPGP encrypted; a signature inside covers the whole of it. */
static GBytes *open_pgp(Opening *opening, GBytes *sealed, GError **error)
{
    Protection *protection = opening->reading->protection;
    protection->encrypted = TRUE;
    if (opening->way == OPEN_NOT)
        return locked(error);
    g_autoptr(GBytes) clean = pgp_outline_encrypted(sealed, protection->recipients, error);
    return clean ? reading_decrypt(opening, clean, error) : NULL;
}

static GBytes *open_smime(Opening *opening, GBytes *cms, GError **error)
{
    Protection *protection = opening->reading->protection;
    gboolean encrypted = FALSE, changeable = FALSE;
    if (opening->way == OPEN_NOT || (opening->way == OPEN_AGAIN && smime_is_enveloped(cms))) {
        protection->encrypted |= smime_is_enveloped(cms);
        GBytes *content = protection->encrypted ? NULL : smime_content(cms);
        return content ? content : locked(error);
    }
    GBytes *plain =
        smime_open(cms, opening->from, protection->signatures, &encrypted, &changeable, error);
    protection->encrypted |= encrypted;
    if (plain != NULL && changeable)
        protection_warn(protection, "changeable",
                        "S/MIME of this kind does not protect what it encrypts against changes");
    return plain;
}

GBytes *reading_open_layer(Opening *opening, const Message *message, Layer layer, GError **error)
{
    if (layer.kind == LAYER_BROKEN) {
        refuse(error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to send it again",
               "the encrypted message is not built as RFC 3156 wants and stays closed");
        return NULL;
    }
    g_autoptr(GBytes) sealed = message_part_bytes(message, layer.content);
    if (sealed == NULL) {
        refuse(error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to send it again",
               "the encrypted part holds parts");
        return NULL;
    }
    return layer.kind == LAYER_SMIME ? open_smime(opening, sealed, error)
                                     : open_pgp(opening, sealed, error);
}

/* A root that is plain text and nothing but one encrypted text, as a message of its own; NULL when
 * it is none, or with *error. */
static GBytes *open_text(Opening *opening, const Message *message, GError **error)
{
    if (strcmp(message_part(message, 1)->type, "text/plain") != 0)
        return NULL;
    g_autoptr(GBytes) body = message_part_bytes(message, 1);
    gsize size;
    const char *text = g_bytes_get_data(body, &size);
    Span span;
    if (inline_pgp_whole(text, size, &span) != SPAN_ENCRYPTED)
        return NULL;
    g_autoptr(GBytes) sealed = g_bytes_new_from_bytes(body, span.start, span.end - span.start);
    g_autoptr(GBytes) plain = open_pgp(opening, sealed, error);
    if (plain == NULL)
        return NULL;
    const char *inside = g_bytes_get_data(plain, &size);
    g_autofree char *declared = message_part_parameter(message, 1, "charset");
    g_autofree char *utf8 = message_signed_text(declared, inside, size);
    opening->in_text = TRUE;
    g_autofree char *entity = g_strconcat("Content-Type: text/plain; charset=utf-8\r\n"
                                          "Content-Transfer-Encoding: 8bit\r\n\r\n",
                                          utf8, NULL);
    return g_bytes_new(entity, strlen(entity));
}

/* A layer is taken off: what was inside is the message now, whole signatures are those of it. */
static void enter(Opening *opening, GBytes *plain, guint first)
{
    Reading *reading = opening->reading;
    if (reading->protection->signatures->len > first)
        opening->base = reading_close_group(reading, first, TRUE);
    g_clear_pointer(&reading->message, message_free);
    reading->message = message_parse(plain);
}

/* The layer at the root of MESSAGE that can be taken off, a signature around it looked at first. */
static Layer root_layer(Opening *opening, const Message *message)
{
    Layer layer = layer_of(message, 1);
    if (!is_signed_layer(layer))
        return layer;
    Layer inside = layer_of(message, layer.content);
    if (inside.kind != LAYER_PGP_ENCRYPTED && inside.kind != LAYER_SMIME)
        return (Layer){LAYER_PGP_SIGNED, 1, 0};
    if (opening->way == OPEN_NOT)
        return inside;
    opening->base = verify_layer(opening, message, layer, TRUE);
    protection_warn(opening->reading->protection, "signature-outside",
                    "a signature was made around the protected text: who made it may not know what "
                    "it says");
    return inside;
}

/* Is LAYER a second encryption, inside the first? */
static gboolean is_second(const Opening *opening, const Message *message, Layer layer)
{
    if (!opening->reading->protection->encrypted || layer.kind == LAYER_NONE)
        return opening->reading->protection->encrypted;
    g_autoptr(GBytes) bytes = message_part_bytes(message, layer.content);
    return layer.kind != LAYER_SMIME || smime_is_enveloped(bytes);
}

/* Takes one layer off MESSAGE; FALSE when there is none, or it stays closed. */
static gboolean take_layer(Opening *opening, const Message *message, GError **error)
{
    GPtrArray *signatures = opening->reading->protection->signatures;
    Layer layer = root_layer(opening, message);
    guint first = signatures->len;
    if (is_signed_layer(layer) || is_second(opening, message, layer))
        return FALSE;
    g_autoptr(GBytes) plain = layer.kind == LAYER_NONE
                                  ? open_text(opening, message, error)
                                  : reading_open_layer(opening, message, layer, error);
    if (plain == NULL) {
        g_ptr_array_set_size(signatures, (int)first);
        return FALSE;
    }
    enter(opening, plain, first);
    return TRUE;
}

/* Only a failure at the first layer locks the message. */
static void take_layers(Opening *opening)
{
    Reading *reading = opening->reading;
    gboolean more = take_layer(opening, opening->outer, &reading->locked);
    for (guint taken = 1; more && taken < LIMIT_LAYERS && !opening->in_text; taken++)
        more = take_layer(opening, reading->message, NULL);
}

/* --- the whole ----------------------------------------------------------------------------- */

/* Signatures around the message that were not looked at, for gpg may not be called, count too. */
static gboolean looks_signed(const Message *message)
{
    for (guint n = 1; n <= message_part_count(message); n++)
        if (is_signed_layer(layer_of(message, n)))
            return TRUE;
    return FALSE;
}

static void finish_closed(Opening *opening)
{
    Reading *reading = opening->reading;
    Block *block = g_new0(Block, 1);
    reading->message = opening->outer;
    block->part = 1;
    block->text = g_strdup("");
    block->signature = -1;
    block->encrypted = reading->protection->encrypted;
    g_ptr_array_add(reading->blocks, block);
}

Reading *reading_open(GBytes *bytes, gboolean decrypt)
{
    return reading_open_by(bytes, decrypt ? OPEN_ANY : OPEN_NOT, NULL);
}

Reading *reading_open_by(GBytes *bytes, OpenWay way, SessionKeys *keys)
{
    gboolean decrypt = way != OPEN_NOT;
    Reading *reading = reading_new();
    Message *outer = message_parse(bytes);
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
    g_autoptr(GPtrArray) fields = message_part_headers(outer, 1);
    g_autofree char *from = protected_from(fields);
    Opening opening = {.reading = reading,
                       .outer = outer,
                       .from = from,
                       .way = way,
                       .keys = keys,
                       .base = -1,
                       .frames = frames};
    reading->is_signed =
        looks_signed(outer) || (!decrypt && layer_of(outer, 1).kind == LAYER_SMIME);
    take_layers(&opening);
    if (reading->locked != NULL) {
        finish_closed(&opening);
        return reading;
    }
    if (reading->message == NULL)
        reading->message = outer;
    else
        message_take_headers(reading->message, g_steal_pointer(&fields));
    if (decrypt)
        reading_verify_parts(&opening);
    reading_protect_headers(&opening);
    reading_make_blocks(&opening);
    if (decrypt)
        reading_doubt(&opening);
    if (reading->message != outer)
        message_free(outer);
    return reading;
}

GPtrArray *reading_gossip(const Reading *reading)
{
    if (!reading->protection->encrypted || reading_part_closed(reading, 1))
        return NULL;
    g_autoptr(GPtrArray) fields = message_part_headers(reading->message, 1);
    return autocrypt_gossip(reading->message, fields);
}

IndexDoc *reading_index_doc(const Reading *reading)
{
    IndexDoc *doc = message_index_doc(reading->message);
    const Signature *good = reading_whole_good(reading);
    doc->encrypted = reading->protection->encrypted;
    doc->is_signed = reading->is_signed || looks_signed(reading->message) ||
                     reading->protection->signatures->len > 0 ||
                     strstr(doc->body, "-----BEGIN PGP SIGNED MESSAGE-----") != NULL;
    if (good != NULL && good->from_matches && good->trust >= TRUST_CONFIRMED)
        doc->signature = SIGNATURE_GOOD_AT_INDEX;
    else if (doc->is_signed)
        doc->signature = SIGNATURE_PRESENT;
    return doc;
}
