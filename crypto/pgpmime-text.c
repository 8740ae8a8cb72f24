/* See pgpmime-internal.h: the texts of a message, and OpenPGP that stands within them. */
#include <string.h>

#include "core/limits.h"
#include "crypto/inline-pgp.h"
#include "crypto/pgp-outline.h"
#include "crypto/pgp.h"
#include "crypto/pgpmime-internal.h"
#include "crypto/protected.h"

/* A text/plain part that is looked into. */
typedef struct {
    Opening *opening;
    guint n;
    char *charset; /* declared, or NULL */
    GBytes *body;
    gboolean whole; /* it is the root, and nothing but one signed text */
} TextPart;

static Block *add_block(Opening *opening, guint n, char *text)
{
    Block *block = g_new0(Block, 1);
    block->part = n;
    block->text = text;
    block->signature = reading_signature_of(opening, n);
    block->encrypted = opening->reading->protection->encrypted;
    g_ptr_array_add(opening->reading->blocks, block);
    return block;
}

static char *text_of(const TextPart *part, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return message_signed_text(part->charset, data, size);
}

static gboolean is_blank(const char *text)
{
    return text[strspn(text, " \t\n")] == '\0';
}

static void show_plain(TextPart *part, GBytes *bytes)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = message_bytes_text(part->charset, data, size);
    if (!is_blank(text))
        add_block(part->opening, part->n, g_steal_pointer(&text));
}

/* Shown is what gpg says was signed, not what stands in the message. */
static void show_signed(TextPart *part, GBytes *bytes)
{
    Reading *reading = part->opening->reading;
    guint first = reading->protection->signatures->len;
    if (part->opening->verified++ >= LIMIT_SIGNED_PARTS) {
        show_plain(part, bytes);
        return;
    }
    g_autoptr(GBytes) text =
        pgp_verify_clear(bytes, part->opening->from, reading->protection->signatures, NULL);
    if (text == NULL)
        reading_add_fault(reading, FALSE);
    Block *block = add_block(part->opening, part->n, text_of(part, text ? text : bytes));
    block->signature = reading_close_group(reading, first, part->whole);
}

static void leave_closed(TextPart *part, const char *why)
{
    Block *block = add_block(part->opening, part->n, g_strdup(""));
    block->signature = -1;
    block->closed = g_strdup(why);
}

/* Only in a root that is plain text: further in it is how decryption oracles are built. */
static void show_encrypted(TextPart *part, GBytes *bytes)
{
    Opening *opening = part->opening;
    Protection *protection = opening->reading->protection;
    guint first = protection->signatures->len;
    if (part->n != 1 || protection->encrypted) {
        leave_closed(part,
                     "it is not the letter's own text; --part opens a part that is nothing else");
        return;
    }
    if (opening->texts_opened++ >= LIMIT_OPENED_TEXTS) {
        leave_closed(part, "there are too many of them");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) clean = pgp_outline_encrypted(bytes, protection->recipients, &error);
    g_autoptr(GBytes) plain = clean ? reading_decrypt(opening, clean, &error) : NULL;
    if (plain == NULL) {
        g_ptr_array_set_size(protection->signatures, (int)first);
        leave_closed(part, error->message);
        return;
    }
    Block *block = add_block(opening, part->n, text_of(part, plain));
    block->encrypted = TRUE;
    if (protection->signatures->len > first)
        block->signature = reading_close_group(opening->reading, first, FALSE);
}

static void show_span(TextPart *part, const Span *span)
{
    g_autoptr(GBytes) bytes =
        g_bytes_new_from_bytes(part->body, span->start, span->end - span->start);
    if (span->kind == SPAN_SIGNED)
        show_signed(part, bytes);
    else if (span->kind == SPAN_ENCRYPTED)
        show_encrypted(part, bytes);
    else
        show_plain(part, bytes);
}

/* FALSE when there is no OpenPGP within the text. */
static gboolean show_spans(TextPart *part)
{
    gsize size;
    const char *text = g_bytes_get_data(part->body, &size);
    gboolean malformed;
    g_autoptr(GArray) spans = inline_pgp_spans(text, size, &malformed);
    if (malformed)
        protection_warn(part->opening->reading->protection, "text-malformed",
                        "part %u has a text that begins as an OpenPGP message and is not built as "
                        "one; it is shown as any other text",
                        part->n);
    if (spans->len == 0 || (spans->len == 1 && g_array_index(spans, Span, 0).kind == SPAN_PLAIN))
        return FALSE;
    Span ignored;
    part->whole = part->n == 1 && inline_pgp_whole(text, size, &ignored) == SPAN_SIGNED;
    for (guint i = 0; i < spans->len; i++)
        show_span(part, &g_array_index(spans, Span, i));
    return TRUE;
}

static gboolean look_into(Opening *opening, guint n)
{
    const Message *message = opening->reading->message;
    if (opening->way == OPEN_NOT || strcmp(message_part(message, n)->type, "text/plain") != 0)
        return FALSE;
    g_autofree char *charset = message_part_parameter(message, n, "charset");
    g_autoptr(GBytes) body = message_part_bytes(message, n);
    TextPart part = {opening, n, charset, body, FALSE};
    return show_spans(&part);
}

/* A text that repeats header fields for older programs is shown without them, and one whose lines
 * were broken for the way with these whole. */
static char *plain_text(const Opening *opening, guint n)
{
    const Message *message = opening->reading->message;
    g_autofree char *text = message_part_text(message, n);
    gboolean repeats = opening->reading->protection->header_protection;
    return message_unflow(message, n,
                          repeats ? g_strdup(protected_skip_display(message, n, text))
                                  : g_steal_pointer(&text));
}

void reading_make_blocks(Opening *opening)
{
    const Message *message = opening->reading->message;
    g_autoptr(GArray) readable = message_readable_parts(message);
    guint display =
        opening->reading->protection->header_protection ? protected_display_part(message) : 0;
    for (guint i = 0; i < readable->len; i++) {
        guint n = g_array_index(readable, guint, i);
        if (n != display && !look_into(opening, n))
            add_block(opening, n, plain_text(opening, n));
    }
}
