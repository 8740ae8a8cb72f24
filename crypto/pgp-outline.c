/* See pgp-outline.h. */
#include "crypto/pgp-outline.h"

#include <string.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-packet.h"

#define ARMOR_BEGIN "-----BEGIN PGP MESSAGE-----"
#define ARMOR_END "-----END PGP MESSAGE-----"

static gboolean unusable(GError **error, const char *why)
{
    return refuse(error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to send it again",
                  "an encrypted OpenPGP message %s", why);
}

/* --- armor --------------------------------------------------------------------------------- */

typedef struct {
    const char *at, *end;
} Lines;

/* The next line without white space at its end; FALSE behind the last. */
static gboolean next_line(Lines *lines, const char **line, gsize *size)
{
    if (lines->at == lines->end)
        return FALSE;
    const char *feed = memchr(lines->at, '\n', (gsize)(lines->end - lines->at));
    *line = lines->at;
    *size = (gsize)((feed ? feed : lines->end) - lines->at);
    lines->at = feed ? feed + 1 : lines->end;
    while (*size > 0 && strchr(" \t\r", (*line)[*size - 1]) && (*line)[*size - 1] != '\0')
        (*size)--;
    return TRUE;
}

static gboolean is_line(const char *line, gsize size, const char *wanted)
{
    return size == strlen(wanted) && memcmp(line, wanted, size) == 0;
}

/* LINES stand behind the first line that is not blank if that begins an armored message. */
static gboolean begins_armor(Lines *lines)
{
    const char *line;
    gsize size;
    while (next_line(lines, &line, &size))
        if (size > 0)
            return is_line(line, size, ARMOR_BEGIN);
    return FALSE;
}

static gboolean is_base64(char c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/';
}

/* Letters of the base64 in LINE, which is not empty, whose padding ends the whole; FALSE when there
 * are others. */
static gboolean take_letters(GString *letters, const char *line, gsize size, gboolean *padded)
{
    gsize n = 0;
    while (n < size && is_base64(line[n]))
        n++;
    gsize pads = size - n;
    if (*padded || pads > 2 || memcmp(line + n, "==", pads) != 0)
        return FALSE;
    *padded = pads > 0;
    g_string_append_len(letters, line, (gssize)size);
    return TRUE;
}

/* The checksum behind the data is not looked at: integrity is the business of the packet. */
static GBytes *undo_armor(Lines *lines, GError **error)
{
    g_autoptr(GString) letters = g_string_new(NULL);
    const char *line;
    gsize size;
    gboolean body = FALSE, padded = FALSE, checksum = FALSE, ended = FALSE, good = TRUE;
    while (good && !ended && next_line(lines, &line, &size)) {
        if (!body)
            body = size == 0;
        else if ((ended = is_line(line, size, ARMOR_END)))
            continue;
        else if (size == 5 && *line == '=' && !checksum)
            checksum = TRUE;
        else
            good = size == 0 || (!checksum && take_letters(letters, line, size, &padded));
    }
    if (!good || !ended || letters->len == 0 || letters->len % 4 != 0) {
        unusable(error, ended || !good ? "has broken armor" : "ends in the middle");
        return NULL;
    }
    gsize length;
    g_base64_decode_inplace(letters->str, &length);
    return g_bytes_new(letters->str, length);
}

static GBytes *without_armor(GBytes *data, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(data, &size);
    if (size > 0 && (bytes[0] & 0x80))
        return g_bytes_ref(data);
    Lines lines = {(const char *)bytes, (const char *)bytes + size};
    if (begins_armor(&lines))
        return undo_armor(&lines, error);
    unusable(error, "does not begin as one");
    return NULL;
}

/* --- packets ------------------------------------------------------------------------------- */

/* The body whose head was read, all its pieces; then nothing may follow. */
static gboolean reaches_end(Cursor *cursor, PgpPacket packet)
{
    while (packet.partial && cursor_bytes(cursor, packet.size) != NULL)
        pgp_packet_piece(cursor, &packet);
    cursor_bytes(cursor, packet.size);
    return cursor_whole(cursor);
}

/* --- the message --------------------------------------------------------------------------- */

typedef struct {
    GPtrArray *recipients; /* or NULL */
    guint keys, hidden, passphrases;
    GByteArray *clean; /* the message without what only passphrases open */
} Outline;

/* A session key for a public key: version, then the key's id (3) or fingerprint (6). */
static void count_key(Outline *outline, const guint8 *body, gsize size)
{
    static const guint8 nobody[8] = {0};
    guint8 id[8] = {0};
    if (size >= 9 && body[0] == 3)
        memcpy(id, body + 1, sizeof id);
    else if (size >= 23 && body[0] == 6 && body[1] == 21 && body[2] == 4)
        memcpy(id, body + 15, sizeof id);
    outline->keys++;
    outline->hidden += memcmp(id, nobody, sizeof id) == 0;
    if (outline->recipients == NULL)
        return;
    g_autoptr(GString) hex = g_string_new(NULL);
    for (gsize i = 0; i < sizeof id; i++)
        g_string_append_printf(hex, "%02X", id[i]);
    g_ptr_array_add(outline->recipients, g_strdup(hex->str));
}

/* Takes the session keys in front of the data; the packet behind them, whose head begins at HEAD.
 */
static PgpPacket read_keys(Outline *outline, Cursor *cursor, const guint8 **head)
{
    PgpPacket packet = {0};
    do {
        *head = cursor->data;
        packet = pgp_packet_head(cursor);
        gboolean key = packet.tag == PACKET_PUBLIC_KEY_ESK,
                 phrase = packet.tag == PACKET_PASSPHRASE_ESK;
        if (!key && !phrase && packet.tag != PACKET_MARKER)
            break;
        cursor->failed |= packet.partial;
        const guint8 *body = cursor_bytes(cursor, packet.size);
        outline->passphrases += phrase;
        if (body == NULL || !key)
            continue;
        count_key(outline, body, packet.size);
        g_byte_array_append(outline->clean, *head, (guint)(cursor->data - *head));
    } while (!cursor->failed && outline->keys + outline->passphrases <= LIMIT_SESSION_KEYS);
    return packet;
}

static gboolean judge(const Outline *outline, Cursor *cursor, PgpPacket packet, GError **error)
{
    if (outline->keys + outline->passphrases > LIMIT_SESSION_KEYS ||
        outline->hidden > LIMIT_HIDDEN_KEYS)
        return unusable(error, "is for more keys than are tried");
    if (cursor->failed)
        return unusable(error, "is cut or broken");
    if (packet.tag == PACKET_UNPROTECTED)
        return refuse(error, POSTERN_ERROR_INPUT, "openpgp.unprotected",
                      "ask the sender to use a newer OpenPGP program",
                      "an OpenPGP message is not protected against changes");
    if (packet.tag != PACKET_PROTECTED && packet.tag != PACKET_AEAD)
        return unusable(error, "is not encrypted");
    if (!reaches_end(cursor, packet))
        return unusable(error, "is cut, or goes on behind its end");
    if (outline->keys > 0)
        return TRUE;
    if (outline->passphrases == 0)
        return unusable(error, "is encrypted to nobody");
    return refuse(
        error, POSTERN_ERROR_INPUT, "openpgp.symmetric",
        "if you expected it and know the passphrase, save it by 'postern show --raw' and "
        "open it by 'gpg --decrypt'",
        "the message is encrypted with a passphrase, not to a key; nobody is asked for it");
}

GBytes *pgp_outline_encrypted(GBytes *data, GPtrArray *recipients, GError **error)
{
    g_autoptr(GBytes) plain = without_armor(data, error);
    if (plain == NULL)
        return NULL;
    gsize size;
    const guint8 *bytes = g_bytes_get_data(plain, &size), *head;
    g_autoptr(GByteArray) clean = g_byte_array_new();
    Outline outline = {.recipients = recipients, .clean = clean};
    Cursor cursor = cursor_over(bytes, size);
    PgpPacket packet = read_keys(&outline, &cursor, &head);
    if (!judge(&outline, &cursor, packet, error))
        return NULL;
    g_byte_array_append(clean, head, (guint)(bytes + size - head));
    return g_byte_array_free_to_bytes(g_steal_pointer(&clean));
}

gboolean pgp_outline_is_encrypted(GBytes *data)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(data, &size);
    if (size == 0 || !(bytes[0] & 0x80)) {
        Lines lines = {(const char *)bytes, (const char *)bytes + size};
        return begins_armor(&lines);
    }
    Cursor cursor = cursor_over(bytes, size);
    PgpPacket packet = pgp_packet_head(&cursor);
    return !packet.partial && cursor_bytes(&cursor, packet.size) != NULL &&
           (packet.tag == PACKET_PUBLIC_KEY_ESK || packet.tag == PACKET_PASSPHRASE_ESK);
}
