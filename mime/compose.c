/* See compose.h. Fields are written by writer.c, attachments by attachment.c. */
#include "mime/compose.h"

#include <gmime/gmime.h>
#include <string.h>

#include "core/error.h"
#include "mime/address.h"
#include "mime/attachment.h"
#include "mime/charset.h"
#include "mime/flowed.h"
#include "mime/writer.h"

#define PLAIN_LINE 78 /* RFC 5322, 2.1.1; longer ones are wrapped by quoted-printable */
#define HIDDEN_SUBJECT "[...]"

/* The parameters of RFC 9788 and, for the many readers that know only that, of its forerunner. They
 * show the subject too, so that no legacy display element puts it into the text. */
#define PROTECTION(word) (word) ? "hp" : NULL, (word), "protected-headers", "v1"

const char *letter_mark(const char *value)
{
    static const char *const marks[] = {"personal", "private", "company-confidential"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
        if (g_ascii_strcasecmp(value, marks[i]) == 0)
            return marks[i];
    return NULL;
}

static void free_enclosure(gpointer data)
{
    Enclosure *enclosure = data;
    g_free(enclosure->filename);
    g_free(enclosure->type);
    g_bytes_unref(enclosure->bytes);
    g_free(enclosure);
}

void letter_enclose(Letter *letter, const char *filename, const char *type, GBytes *bytes)
{
    Enclosure *enclosure = g_new0(Enclosure, 1);
    enclosure->filename = g_strdup(filename);
    enclosure->type = g_strdup(type);
    enclosure->bytes = g_bytes_ref(bytes);
    g_ptr_array_add(letter->enclosures, enclosure);
}

Letter *letter_new(void)
{
    Letter *letter = g_new0(Letter, 1);
    letter->to = g_ptr_array_new_with_free_func(address_destroy);
    letter->cc = g_ptr_array_new_with_free_func(address_destroy);
    letter->bcc = g_ptr_array_new_with_free_func(address_destroy);
    letter->attachments = g_ptr_array_new_with_free_func(g_free);
    letter->enclosures = g_ptr_array_new_with_free_func(free_enclosure);
    letter->references = g_ptr_array_new_with_free_func(g_free);
    return letter;
}

void letter_free(Letter *letter)
{
    if (letter == NULL)
        return;
    mailbox_free(letter->from);
    g_ptr_array_unref(letter->to);
    g_ptr_array_unref(letter->cc);
    g_ptr_array_unref(letter->bcc);
    g_free(letter->subject);
    g_free(letter->autocrypt);
    g_free(letter->body);
    g_ptr_array_unref(letter->attachments);
    g_ptr_array_unref(letter->enclosures);
    g_free(letter->in_reply_to);
    g_ptr_array_unref(letter->references);
    g_clear_pointer(&letter->entity, g_bytes_unref);
    g_free(letter->further);
    g_clear_pointer(&letter->gossip, g_ptr_array_unref);
    g_clear_pointer(&letter->shown_to, g_ptr_array_unref);
    g_clear_pointer(&letter->shown_cc, g_ptr_array_unref);
    g_free(letter);
}

/* In UTC, so that the outer Date does not tell where the sender is. */
LetterIdentity *letter_identity_new(const Letter *letter)
{
    LetterIdentity *identity = g_new0(LetterIdentity, 1);
    g_autofree char *random = writer_random();
    const char *at = strrchr(letter->from->address, '@');
    identity->message_id = g_strconcat(random, at ? at : "@localhost", NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    identity->date = g_mime_utils_header_format_date(now);
    return identity;
}

void letter_identity_localize(LetterIdentity *identity)
{
    g_autoptr(GDateTime) utc = g_mime_utils_header_decode_date(identity->date);
    g_autoptr(GDateTime) local = utc ? g_date_time_to_local(utc) : NULL;
    if (local == NULL)
        return;
    g_free(identity->date);
    identity->date = g_mime_utils_header_format_date(local);
}

void letter_identity_free(LetterIdentity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->message_id);
    g_free(identity->date);
    g_free(identity);
}

static void write_id(GString *out, const char *name, const char *id)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    if (id != NULL)
        g_ptr_array_add(one, (char *)id);
    writer_ids(out, name, one);
}

/* A date that was given may tell where the sender is; one that is none says nothing. */
static char *in_utc(const char *date)
{
    g_autoptr(GDateTime) given = g_mime_utils_header_decode_date(date);
    g_autoptr(GDateTime) utc = given ? g_date_time_to_utc(given) : g_date_time_new_now_utc();
    return g_mime_utils_header_format_date(utc);
}

/* The letter's own fields, HIDDEN: as they stand outside an encrypted one. Bcc stays with
 * the sender. */
static void write_fields(GString *out, const Letter *letter, const LetterIdentity *identity,
                         gboolean hidden)
{
    const char *subject = letter->subject ? letter->subject : "";
    g_autoptr(GPtrArray) from = g_ptr_array_new();
    g_ptr_array_add(from, letter->from);
    g_autofree char *outside = hidden ? in_utc(identity->date) : NULL;
    writer_text(out, "Date", outside ? outside : identity->date);
    writer_mailboxes(out, "From", from);
    writer_mailboxes(out, "To", letter->shown_to ? letter->shown_to : letter->to);
    writer_mailboxes(out, "Cc", letter->shown_cc ? letter->shown_cc : letter->cc);
    if (letter->own && !hidden)
        writer_mailboxes(out, "Bcc", letter->bcc);
    writer_text(out, "Subject", hidden ? HIDDEN_SUBJECT : subject);
    if (letter->sensitivity && !hidden)
        writer_text(out, "Sensitivity", letter->sensitivity);
    if (letter->user_agent && !hidden)
        writer_text(out, "User-Agent", letter->user_agent);
    write_id(out, "Message-ID", identity->message_id);
    write_id(out, "In-Reply-To", letter->in_reply_to);
    writer_ids(out, "References", letter->references);
    if (letter->autocrypt)
        writer_encoded(out, "Autocrypt", letter->autocrypt);
    if (letter->further && !hidden)
        g_string_append(out, letter->further);
}

/* Each field that stands outside once more, as HP-Outer (RFC 9788, 2.2.1). */
static void write_outer_copy(GString *out, const Letter *letter, const LetterIdentity *identity)
{
    g_autoptr(GString) outer = g_string_new(NULL);
    write_fields(outer, letter, identity, TRUE);
    g_string_replace(outer, "\r\n ", " ", 0);
    g_auto(GStrv) lines = g_strsplit(outer->str, "\r\n", -1);
    for (char **line = lines; *line && **line; line++)
        writer_encoded(out, "HP-Outer", *line);
}

static void write_protected(GString *out, const Letter *letter, const LetterIdentity *identity,
                            HeaderProtection protection)
{
    if (protection == PROTECT_NONE)
        return;
    write_fields(out, letter, identity, FALSE);
    if (protection != PROTECT_ENCRYPTED)
        return;
    write_outer_copy(out, letter, identity);
    for (guint i = 0; letter->gossip && i < letter->gossip->len; i++)
        writer_encoded(out, "Autocrypt-Gossip", letter->gossip->pdata[i]);
}

static const char *protection_word(HeaderProtection protection)
{
    return protection == PROTECT_ENCRYPTED ? "cipher" : "clear";
}

/* Can TEXT (CRLF) go as it is through every server without a byte of it changing? */
static gboolean is_7bit(const char *text)
{
    gsize length = 0;
    for (const char *at = text; *at; at++) {
        if ((guchar)*at >= 127 || ((guchar)*at < ' ' && strchr("\t\r\n", *at) == NULL))
            return FALSE;
        if (*at == '\n') {
            length = 0;
            continue;
        }
        if (++length > PLAIN_LINE || (length == 1 && g_str_has_prefix(at, "From ")))
            return FALSE;
        if ((*at == ' ' || *at == '\t') && at[1] == '\r')
            return FALSE;
    }
    return TRUE;
}

/* TEXT with LF line ends, ended by one. */
static char *clean_body(const char *body)
{
    g_autofree char *utf8 = charset_to_utf8("utf-8", body, strlen(body));
    g_autoptr(GString) text = g_string_new(utf8);
    g_string_replace(text, "\r\n", "\n", 0);
    g_string_replace(text, "\r", "\n", 0);
    if (text->len == 0 || text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void write_body(GString *out, const char *body, const char *word)
{
    g_autofree char *whole = clean_body(body ? body : ""), *flowed = flowed_write(whole);
    const char *text = flowed ? flowed : whole;
    g_autoptr(GString) crlf = g_string_new(NULL);
    writer_crlf(crlf, text, strlen(text));
    gboolean plain = is_7bit(crlf->str);
    writer_type(out, flowed ? "text/plain; format=flowed" : "text/plain", "charset", "utf-8",
                PROTECTION(word), NULL);
    g_string_append_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n",
                           plain ? "7bit" : "quoted-printable");
    if (plain) {
        g_string_append(out, crlf->str);
        return;
    }
    g_autofree char *encoded = writer_quoted_printable(text);
    writer_crlf(out, encoded, strlen(encoded));
}

static gboolean check_value(const char *what, const char *value, GError **error)
{
    for (const char *at = value; at && *at; at++)
        if (((guchar)*at < ' ' && *at != '\t') || *at == 127)
            return refuse(error, POSTERN_ERROR_INPUT, "send.value", "write it on one line",
                          "%s holds a line end or another control character", what);
    return TRUE;
}

static gboolean check_mailboxes(const char *what, const GPtrArray *mailboxes, GError **error)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = g_ptr_array_index(mailboxes, i);
        if (!check_value(what, mailbox->name, error) || !check_value(what, mailbox->address, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_letter(const Letter *letter, GError **error)
{
    return check_value("the sender's name", letter->from->name, error) &&
           check_value("the sender's address", letter->from->address, error) &&
           check_mailboxes("a recipient", letter->to, error) &&
           check_mailboxes("a recipient", letter->cc, error) &&
           check_mailboxes("a recipient", letter->bcc, error) &&
           (!letter->shown_to || check_mailboxes("To", letter->shown_to, error)) &&
           (!letter->shown_cc || check_mailboxes("Cc", letter->shown_cc, error)) &&
           check_value("the subject", letter->subject, error);
}

static gboolean write_mixed(GString *out, const Letter *letter, const char *word, GError **error)
{
    g_autofree char *boundary = writer_random();
    writer_type(out, "multipart/mixed", "boundary", boundary, PROTECTION(word), NULL);
    g_string_append_printf(out, "\r\n--%s\r\n", boundary);
    write_body(out, letter->body, NULL);
    for (guint i = 0; i < letter->attachments->len; i++) {
        g_string_append_printf(out, "\r\n--%s\r\n", boundary);
        if (!attachment_write(out, g_ptr_array_index(letter->attachments, i), error))
            return FALSE;
    }
    for (guint i = 0; i < letter->enclosures->len; i++) {
        const Enclosure *enclosure = letter->enclosures->pdata[i];
        g_string_append_printf(out, "\r\n--%s\r\n", boundary);
        enclosure_write(out, enclosure->filename, enclosure->type, enclosure->bytes);
    }
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    return TRUE;
}

/* The entity that was given, its Content-Type with the parameters of header protection. */
static void write_given(GString *out, GBytes *entity, const char *word)
{
    gsize size;
    const char *data = g_bytes_get_data(entity, &size);
    g_autofree char *text = g_strndup(data, size);
    const char *end = strstr(text, "\r\n"); /* Content-Type stands first */
    while (end && (end[2] == ' ' || end[2] == '\t'))
        end = strstr(end + 2, "\r\n");
    if (word == NULL || end == NULL) {
        g_string_append_len(out, data, (gssize)size);
        return;
    }
    gsize head = (gsize)(end - text);
    while (head > 0 && (text[head - 1] == ';' || text[head - 1] == ' '))
        head--;
    g_string_append_len(out, text, (gssize)head);
    g_string_append_printf(out, ";\r\n hp=\"%s\"; protected-headers=\"v1\"", word);
    g_string_append(out, end);
}

GBytes *compose_entity(const Letter *letter, const LetterIdentity *identity,
                       HeaderProtection protection, GError **error)
{
    if (!check_letter(letter, error))
        return NULL;
    const char *word = protection == PROTECT_NONE ? NULL : protection_word(protection);
    g_autoptr(GString) out = g_string_new(NULL);
    write_protected(out, letter, identity, protection);
    if (letter->entity)
        write_given(out, letter->entity, word);
    else if (letter->attachments->len + letter->enclosures->len == 0)
        write_body(out, letter->body, word);
    else if (!write_mixed(out, letter, word, error))
        return NULL;
    return g_string_free_to_bytes(g_steal_pointer(&out));
}

GBytes *compose_message(const Letter *letter, const LetterIdentity *identity, GBytes *entity,
                        gboolean encrypted)
{
    GString *out = g_string_new(NULL);
    write_fields(out, letter, identity, encrypted);
    g_string_append(out, "MIME-Version: 1.0\r\n");
    gsize size;
    const char *data = g_bytes_get_data(entity, &size);
    g_string_append_len(out, data, (gssize)size);
    return g_string_free_to_bytes(out);
}

GBytes *compose_encrypted(GBytes *armored)
{
    g_autofree char *boundary = writer_random();
    GString *out = g_string_new(NULL);
    writer_type(out, "multipart/encrypted", "protocol", "application/pgp-encrypted", "boundary",
                boundary, NULL);
    g_string_append_printf(out,
                           "\r\n--%s\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
                           "Version: 1\r\n\r\n--%s\r\n"
                           "Content-Type: application/octet-stream\r\n\r\n",
                           boundary, boundary);
    writer_armor(out, armored);
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    return g_string_free_to_bytes(out);
}

GBytes *compose_signed(GBytes *entity, GBytes *signature, const char *micalg)
{
    g_autofree char *boundary = writer_random();
    GString *out = g_string_new(NULL);
    writer_type(out, "multipart/signed", "protocol", "application/pgp-signature", "micalg", micalg,
                "boundary", boundary, NULL);
    gsize size;
    const char *data = g_bytes_get_data(entity, &size);
    g_string_append_printf(out, "\r\n--%s\r\n", boundary);
    g_string_append_len(out, data, (gssize)size);
    g_string_append_printf(out, "\r\n--%s\r\nContent-Type: application/pgp-signature\r\n\r\n",
                           boundary);
    writer_armor(out, signature);
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    return g_string_free_to_bytes(out);
}
