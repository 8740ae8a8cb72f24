/* A message for the terminal; see reading.h. */
#include <stdio.h>
#include <string.h>

#include "cli/reading.h"
#include "core/text.h"

static void field(const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *safe = text_field(value);
    printf("%-9s %s\n", name, safe);
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
        printf("%-9s %s\n", name, line->str);
}

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

static void print_signature(const Signature *signature)
{
    g_autofree char *signer = signature->signer ? text_field(signature->signer) : NULL;
    printf("%-9s %s %s%s%s%s\n", "Signature", verdict(signature), signer ? signer : "",
           signer && signature->fingerprint ? ", key " : "",
           signature->fingerprint ? signature->fingerprint : "",
           signature->whole ? "" : " (covers a part only)");
    if (signature->status == SIG_GOOD && !signature->from_matches)
        puts("          but the key does not carry the sender's address");
}

static void print_protection(const Reading *reading)
{
    const Protection *protection = reading->protection;
    if (protection->encrypted)
        puts(reading->locked ? "Encrypted yes, and it stays closed" : "Encrypted yes");
    for (guint i = 0; i < protection->signatures->len; i++)
        print_signature(protection->signatures->pdata[i]);
}

static gboolean print_block(const Block *block)
{
    /* Only this program starts a line: a body can imitate a frame but never leave the gutter. */
    const char *gutter = block->signature >= 0 ? "┃" : "│";
    g_autofree char *safe = text_body(block->text);
    g_auto(GStrv) lines = g_strsplit(safe, "\n", -1);
    guint n = g_strv_length(lines);
    while (n > 0 && *lines[n - 1] == '\0')
        n--;
    for (guint i = 0; i < n; i++)
        printf("%s %s\n", gutter, lines[i]);
    return n > 0;
}

static void print_attachments(const Message *message)
{
    for (guint i = 1; i <= message_part_count(message); i++) {
        const PartInfo *part = message_part(message, i);
        if (!part->attachment)
            continue;
        g_autofree char *name = part->filename ? text_name(part->filename) : g_strdup("unnamed");
        g_autofree char *type = text_name(part->type);
        g_autofree char *size = g_format_size(part->size);
        printf("Part %-4u %s (%s, %s)\n", part->n, name, type, size);
    }
}

void reading_print(const Reading *reading)
{
    const Message *message = reading->message;
    addresses(message, "From", "From");
    addresses(message, "To", "To");
    addresses(message, "Cc", "Cc");
    field("Date", message_header(message, "Date"));
    field("Subject", message_header(message, "Subject"));
    print_protection(reading);
    print_attachments(message);
    putchar('\n');
    gboolean text = FALSE;
    for (guint i = 0; i < reading->blocks->len; i++) {
        if (i > 0)
            puts("├────");
        text |= print_block(reading->blocks->pdata[i]);
    }
    if (!text && reading->locked == NULL)
        puts("(no text)");
    if (message_truncated(message))
        puts("\n(there is more in this message than could be read, parts too; --raw gives all of "
             "it)");
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
