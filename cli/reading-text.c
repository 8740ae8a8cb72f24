/* A message for the terminal; see reading.h. Lines that this program begins never come from a
 * message: a long one goes on behind the gutter too, for a terminal would let it begin at the edge.
 */
#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/reading.h"
#include "core/text.h"

#define INDENT 10 /* columns before the value of a field */

void reading_print_line(const char *name, const char *text)
{
    guint columns = output_columns();
    g_auto(GStrv) lines = text_wrap(text, columns > 2 * INDENT ? columns - INDENT : columns);
    for (char **line = lines; *line; line++)
        printf("%-9s %s\n", line == lines ? name : "", *line);
}

static void field(const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *safe = text_field(value);
    reading_print_line(name, safe);
}

/* The address always stands beside the name: a name can say anything (P7). */
static void addresses(const Message *message, const char *name, const char *header)
{
    g_autoptr(GPtrArray) mailboxes = message_addresses(message, header);
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = mailboxes->pdata[i];
        g_autofree char *address = text_address(mailbox->address);
        g_autofree char *display = mailbox->name ? text_field(mailbox->name) : NULL;
        g_string_append_printf(line, "%s%s%s<%s>", line->len ? ", " : "", display ? display : "",
                               display ? " " : "", address);
    }
    if (line->len)
        reading_print_line(name, line->str);
}

/* --- signatures ---------------------------------------------------------------------------- */

static const char *verdict(const Signature *signature)
{
    switch (signature->status) {
    case SIG_GOOD:
        return signature->trust == TRUST_OWN         ? "signed by yourself"
               : signature->trust == TRUST_CONFIRMED ? "signed by"
                                                     : "signed with an unconfirmed key by";
    case SIG_BAD: return "BAD SIGNATURE claimed by";
    case SIG_UNKNOWN_KEY: return "signed with a key that is not here:";
    case SIG_EXPIRED_KEY: return "signed with an expired key by";
    case SIG_REVOKED_KEY: return "signed with a REVOKED key by";
    default: return "signature that cannot be checked:";
    }
}

/* Only this is drawn heavy. */
static gboolean is_proof(const Signature *signature)
{
    return signature->status == SIG_GOOD && signature->trust >= TRUST_CONFIRMED &&
           signature->from_matches;
}

char *reading_signature_words(const Signature *signature)
{
    g_autofree char *signer = signature->signer ? text_field(signature->signer) : NULL;
    g_autoptr(GDateTime) time =
        signature->created ? g_date_time_new_from_unix_local(signature->created) : NULL;
    g_autofree char *when = time ? g_date_time_format(time, ", %Y-%m-%d %H:%M") : g_strdup("");
    gboolean stranger = signature->status == SIG_GOOD && !signature->from_matches;
    return g_strconcat(
        verdict(signature), " ", signer ? signer : "",
        signer && signature->fingerprint ? (signature->smime ? ", certificate " : ", key ") : "",
        signature->fingerprint ? signature->fingerprint : "", when,
        signature->whole ? "" : " (covers a part only)",
        stranger ? "\nbut the key does not carry the sender's address" : "", NULL);
}

static void print_protection(const Reading *reading)
{
    const Protection *protection = reading->protection;
    if (protection->encrypted)
        puts(reading->locked ? "Encrypted yes, and it stays closed" : "Encrypted yes");
    for (guint i = 0; i < protection->signatures->len; i++) {
        g_autofree char *words = reading_signature_words(protection->signatures->pdata[i]);
        reading_print_line("Signature", words);
    }
    for (guint i = 0; i < protection->outer->len; i++) {
        const OuterField *outer = protection->outer->pdata[i];
        g_autofree char *said = g_strdup_printf("%s: %s", outer->name, outer->value);
        field("Outside", said);
    }
    for (guint i = 0; i < protection->warnings->len; i++)
        field("Warning", ((const Warning *)protection->warnings->pdata[i])->text);
}

/* --- text ---------------------------------------------------------------------------------- */

typedef struct {
    const char *open, *gutter, *close;
} Frame;

static const Frame proven = {"┏━━━━ ", "┃", "┗━━━━"};
static const Frame unproven = {"┌╌╌╌╌ ", "╎", "└╌╌╌╌"};
static const Frame bare = {"├──── ", "│", NULL};

/* Which text a signature covers, and which of several. */
static char *frame_words(const Reading *reading, const Block *block)
{
    const GPtrArray *signatures = reading->protection->signatures;
    gboolean deciphered = block->encrypted && !reading->protection->encrypted;
    if (block->signature < 0)
        return deciphered ? g_strdup("this was encrypted") : NULL;
    const Signature *signature = signatures->pdata[block->signature];
    const char *words = is_proof(signature)                  ? "signed"
                        : signature->status == SIG_BAD       ? "BAD SIGNATURE"
                        : signature->status != SIG_GOOD      ? "a signature that proves nothing"
                        : signature->trust < TRUST_CONFIRMED ? "signed, by nobody you confirmed"
                                                             : "signed, but not by the sender";
    g_autofree char *number =
        signatures->len > 1 ? g_strdup_printf(", signature %d", block->signature + 1) : NULL;
    return g_strconcat(words, deciphered ? ", and encrypted" : "", number, NULL);
}

static const Frame *frame_of(const Reading *reading, const Block *block)
{
    if (block->signature < 0)
        return &bare;
    return is_proof(reading->protection->signatures->pdata[block->signature]) ? &proven : &unproven;
}

/* Only this program starts a line: a body can imitate a frame but never leave the gutter. */
static gboolean print_block(const Reading *reading, const Block *block, gboolean first)
{
    const Frame *frame = frame_of(reading, block);
    g_autofree char *words = frame_words(reading, block);
    g_autofree char *safe = text_body(block->text);
    guint columns = output_columns(), n;
    g_auto(GStrv) lines = text_wrap(safe, columns > 2 ? columns - 2 : columns);
    for (n = g_strv_length(lines); n > 0 && *lines[n - 1] == '\0';)
        n--;
    if (block->closed != NULL) {
        g_autofree char *why = text_field(block->closed);
        printf("%san encrypted text stays closed: %s\n", bare.open, why);
        return TRUE;
    }
    if (words != NULL || !first)
        printf("%s%s\n", frame->open, words ? words : "");
    for (guint i = 0; i < n; i++)
        printf("%s %s\n", frame->gutter, lines[i]);
    if (frame->close != NULL)
        puts(frame->close);
    return n > 0;
}

static void print_blocks(const Reading *reading)
{
    gboolean text = FALSE;
    for (guint i = 0; i < reading->blocks->len; i++)
        text |= print_block(reading, reading->blocks->pdata[i], i == 0);
    if (!text && reading->locked == NULL)
        puts("(no text)");
}

/* --- parts --------------------------------------------------------------------------------- */

static void print_part(const Reading *reading, const PartInfo *part)
{
    g_autofree char *name = part->filename ? text_name(part->filename) : g_strdup("unnamed");
    g_autofree char *type = text_name(part->type);
    g_autofree char *size = g_format_size(part->size);
    g_autofree char *label = g_strdup_printf("Part %u", part->n);
    gboolean closed = reading_part_closed(reading, part->n);
    g_autofree char *hint =
        closed ? g_strdup_printf("; encrypted, --part %u opens it alone", part->n) : g_strdup("");
    g_autofree char *line =
        part->multipart
            ? g_strdup_printf("encrypted, and stays closed; --part %u opens it alone", part->n)
            : g_strdup_printf("%s (%s, %s%s)", name, type, size, hint);
    reading_print_line(label, line);
}

/* Attachments, and what is encrypted further in; not the machinery within that. */
static void print_parts(const Reading *reading)
{
    const Message *message = reading->message;
    for (guint i = 1; reading->locked == NULL && i <= message_part_count(message); i++) {
        const PartInfo *part = message_part(message, i);
        gboolean closed = reading_part_closed(reading, i);
        gboolean inside = part->parent > 0 && message_part(message, part->parent)->multipart &&
                          reading_part_closed(reading, part->parent);
        if (!inside && (part->attachment || (closed && part->multipart)))
            print_part(reading, part);
    }
}

void reading_print(const Reading *reading)
{
    const Message *message = reading->message;
    addresses(message, "From", "From");
    addresses(message, "To", "To");
    addresses(message, "Cc", "Cc");
    addresses(message, "Bcc", "Bcc");
    field("Date", message_header(message, "Date"));
    field("Subject", message_header(message, "Subject"));
    print_protection(reading);
    print_parts(reading);
    reading_print_meetings(reading);
    putchar('\n');
    print_blocks(reading);
    if (message_truncated(message))
        puts("\n(there is more in this message than could be read, parts too; --raw gives all of "
             "it)");
}

void reading_print_part(const Reading *part, guint n)
{
    g_autofree char *label = g_strdup_printf("Part %u", n);
    field(label, "opened by itself; nothing says that it belongs to the letter around it");
    print_protection(part);
    print_parts(part);
    putchar('\n');
    print_blocks(part);
}

void reading_print_headers(const Reading *reading)
{
    for (guint i = 0; i < message_header_count(reading->message); i++) {
        const HeaderField *header = message_header_at(reading->message, i);
        g_autofree char *name = text_name(header->name);
        g_autofree char *value = text_field(header->value);
        printf("%s: %s\n", name, value);
    }
}

gboolean reading_print_html(const Reading *reading)
{
    gboolean found = FALSE;
    for (guint i = 1; i <= message_part_count(reading->message); i++) {
        if (g_strcmp0(message_part(reading->message, i)->type, "text/html") != 0)
            continue;
        g_autoptr(GBytes) bytes = message_part_bytes(reading->message, i);
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        g_autofree char *valid = text_utf8(data, (gssize)size);
        g_autofree char *safe = text_body(valid);
        puts(safe);
        found = TRUE;
    }
    return found;
}
