/* See autocrypt.h. */
#include "mime/autocrypt.h"

#include <string.h>

#include "core/limits.h"
#include "mime/address.h"

#define FIELD "Autocrypt"
#define GOSSIP_FIELD "Autocrypt-Gossip"
#define FOLD 76
#define STALE_S (35 * 24 * 60 * 60)

/* --- in ------------------------------------------------------------------------------------- */

/* The header of MAIL, when it has the field at all; most mail has not. */
static GBytes *header_with_field(GBytes *mail)
{
    gsize size;
    const char *bytes = g_bytes_get_data(mail, &size);
    const char *end = bytes + MIN(size, LIMIT_HEADER_BYTES), *line = bytes;
    gboolean has = FALSE;
    while (line < end && *line != '\n' && *line != '\r') {
        const char *feed = memchr(line, '\n', (gsize)(end - line));
        has |= (gsize)(end - line) > sizeof FIELD &&
               g_ascii_strncasecmp(line, FIELD ":", sizeof FIELD) == 0;
        line = feed ? feed + 1 : end;
    }
    return has ? g_bytes_new_from_bytes(mail, 0, (gsize)(line - bytes)) : NULL;
}

static char *without_blanks(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

/* Base64 without blanks, whole; NULL for others, and for what is too large. */
static GBytes *decoded(const char *letters)
{
    gsize length = strlen(letters), size;
    gsize body =
        strspn(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize pads = length - body;
    if (length == 0 || length % 4 != 0 || pads > 2 || memcmp(letters + body, "==", pads) != 0 ||
        length / 4 * 3 > LIMIT_CARRIED_KEY)
        return NULL;
    guchar *bytes = g_base64_decode(letters, &size);
    return g_bytes_new_take(bytes, size);
}

typedef struct {
    char *address, *letters;
    gboolean preferred; /* prefer-encrypt was given */
} Attributes;

static void attributes_clear(Attributes *attributes)
{
    g_free(attributes->address);
    g_free(attributes->letters);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Attributes, attributes_clear)

/* FALSE makes the whole field invalid: said twice, or critical and unknown. */
static gboolean take_attribute(Attributes *attributes, const char *name, const char *value)
{
    if (g_ascii_strcasecmp(name, "addr") == 0 && attributes->address == NULL)
        attributes->address = g_strdup(value);
    else if (g_ascii_strcasecmp(name, "keydata") == 0 && attributes->letters == NULL)
        attributes->letters = without_blanks(value);
    else if (g_ascii_strcasecmp(name, "prefer-encrypt") == 0 && !attributes->preferred)
        attributes->preferred = TRUE;
    else
        return *name == '_';
    return TRUE;
}

static gboolean read_attributes(const char *value, Attributes *attributes)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", LIMIT_PARAMETERS);
    for (char **part = parts; *part; part++) {
        g_strstrip(*part);
        char *equals = strchr(*part, '=');
        if (**part == '\0')
            continue;
        if (equals == NULL)
            return FALSE;
        *equals = '\0';
        if (!take_attribute(attributes, g_strchomp(*part), g_strchug(equals + 1)))
            return FALSE;
    }
    return attributes->address && attributes->letters;
}

/* The key of one field, when that is valid and for ADDRESS. */
static GBytes *key_in(const char *value, const char *address)
{
    g_auto(Attributes) attributes = {0};
    if (!read_attributes(value, &attributes) ||
        g_ascii_strcasecmp(attributes.address, address) != 0)
        return NULL;
    return decoded(attributes.letters);
}

/* Of two that are valid none counts. */
static GBytes *only_key(const Message *message, const char *address)
{
    g_autoptr(GBytes) found = NULL;
    for (guint i = 0; i < message_header_count(message); i++) {
        const HeaderField *field = message_header_at(message, i);
        g_autoptr(GBytes) key =
            g_ascii_strcasecmp(field->name, FIELD) == 0 ? key_in(field->raw, address) : NULL;
        if (key && found)
            return NULL;
        if (key)
            found = g_steal_pointer(&key);
    }
    return g_steal_pointer(&found);
}

/* Who speaks there is not the one in From, or no person. */
static gboolean is_of_nobody(const Message *message)
{
    static const char report[] = "multipart/report";
    const char *type = message_header(message, "Content-Type");
    const char *precedence = message_header(message, "Precedence");
    return message_header(message, "List-Id") || message_header(message, "List-Post") ||
           (precedence && g_ascii_strcasecmp(precedence, "list") == 0) ||
           (type && g_ascii_strncasecmp(type, report, sizeof report - 1) == 0);
}

CarriedKey *autocrypt_read(GBytes *mail)
{
    g_autoptr(GBytes) head = header_with_field(mail);
    g_autoptr(Message) message = head ? message_parse(head) : NULL;
    if (message == NULL || message_truncated(message) || is_of_nobody(message))
        return NULL;
    g_autoptr(GPtrArray) from = message_addresses(message, "From");
    const Mailbox *sender = from->len == 1 ? from->pdata[0] : NULL;
    g_autoptr(GBytes) key = sender ? only_key(message, sender->address) : NULL;
    if (key == NULL)
        return NULL;
    CarriedKey *carried = g_new0(CarriedKey, 1);
    carried->address = g_ascii_strdown(sender->address, -1);
    carried->key = g_steal_pointer(&key);
    carried->date = message_date(message);
    return carried;
}

/* --- in, of others -------------------------------------------------------------------------- */

static void free_carried(gpointer carried)
{
    carried_key_free(carried);
}

/* Who may be spoken of: all in To and Cc but the sender, who speaks for himself outside. */
static GHashTable *recipients_of(const Message *message, const char *sender)
{
    static const char *const names[] = {"To", "Cc"};
    GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) some = message_addresses(message, names[i]);
        for (guint n = 0; n < some->len; n++)
            g_hash_table_add(all, g_ascii_strdown(((Mailbox *)some->pdata[n])->address, -1));
    }
    g_hash_table_remove(all, sender);
    return all;
}

/* The key of one field when it is valid and for one of PEERS. Who is named twice is no peer any
 * more, and loses what was FOUND of him: of two that are valid none counts. */
static void hear_field(const char *value, GHashTable *peers, GHashTable *found)
{
    g_auto(Attributes) attributes = {0};
    if (!read_attributes(value, &attributes))
        return;
    g_autofree char *peer = g_ascii_strdown(attributes.address, -1);
    GBytes *key = g_hash_table_contains(peers, peer) ? decoded(attributes.letters) : NULL;
    if (key == NULL)
        return;
    if (!g_hash_table_remove(found, peer)) {
        g_hash_table_insert(found, g_steal_pointer(&peer), key);
        return;
    }
    g_bytes_unref(key);
    g_hash_table_remove(peers, peer);
}

static int by_address(gconstpointer a, gconstpointer b)
{
    return strcmp((*(CarriedKey *const *)a)->address, (*(CarriedKey *const *)b)->address);
}

static GPtrArray *all_found(GHashTable *found, const char *sender, gint64 date)
{
    GPtrArray *gossip = g_ptr_array_new_with_free_func(free_carried);
    GHashTableIter iter;
    gpointer peer, key;
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &peer, &key)) {
        CarriedKey *carried = g_new0(CarriedKey, 1);
        carried->address = g_strdup(peer);
        carried->sayer = g_strdup(sender);
        carried->key = g_bytes_ref(key);
        carried->date = date;
        g_ptr_array_add(gossip, carried);
    }
    g_ptr_array_sort(gossip, by_address);
    return gossip;
}

GPtrArray *autocrypt_gossip(const Message *message, const GPtrArray *fields)
{
    g_autoptr(GPtrArray) from = message_addresses(message, "From");
    if (from->len != 1 || is_of_nobody(message))
        return NULL;
    g_autofree char *sender = g_ascii_strdown(((Mailbox *)from->pdata[0])->address, -1);
    g_autoptr(GHashTable) peers = recipients_of(message, sender);
    g_autoptr(GHashTable) found =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
    guint heard = 0;
    for (guint i = 0; i < fields->len && heard < LIMIT_GOSSIP; i++) {
        const HeaderField *field = fields->pdata[i];
        if (g_ascii_strcasecmp(field->name, GOSSIP_FIELD) != 0)
            continue;
        hear_field(field->raw, peers, found);
        heard++;
    }
    return g_hash_table_size(found) > 0 ? all_found(found, sender, message_date(message)) : NULL;
}

gboolean autocrypt_is_stale(gint64 key, gint64 seen)
{
    return seen - key > STALE_S;
}

/* --- out ------------------------------------------------------------------------------------ */

char *autocrypt_write(const char *address, GBytes *key, gboolean mutual)
{
    gsize size;
    const guchar *bytes = g_bytes_get_data(key, &size);
    for (const char *at = address; *at; at++)
        if (!g_ascii_isgraph(*at) || strchr(";=\"", *at))
            return NULL;
    g_autofree char *letters = g_base64_encode(bytes, size);
    g_autoptr(GString) field = g_string_new(NULL);
    g_string_append_printf(field, "addr=%s; %skeydata=", address,
                           mutual ? "prefer-encrypt=mutual; " : "");
    for (const char *at = letters; *at; at += MIN(strlen(at), FOLD))
        g_string_append_printf(field, " %.*s", FOLD, at);
    return field->len > LIMIT_AUTOCRYPT_FIELD ? NULL : g_strdup(field->str);
}
