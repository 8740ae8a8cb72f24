/* See layer.h. */
#include "crypto/layer.h"

#include <string.h>

#include "crypto/pgp-outline.h"

/* The children of PARENT if there are exactly COUNT, else FALSE. */
static gboolean find_children(const Message *message, guint parent, guint *children, guint count)
{
    guint found = 0;
    for (guint n = parent + 1; n <= message_part_count(message); n++) {
        if (message_part(message, n)->parent != parent)
            continue;
        if (found == count)
            return FALSE;
        children[found++] = n;
    }
    return found == count;
}

static const char *type_of(const Message *message, guint n)
{
    const PartInfo *part = message_part(message, n);
    return part ? part->type : "";
}

static gboolean protocol_is(const Message *message, guint n, const char *protocol)
{
    g_autofree char *said = message_part_parameter(message, n, "protocol");
    return said != NULL && g_ascii_strcasecmp(said, protocol) == 0;
}

static gboolean is_version_one(const Message *message, guint n)
{
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GString) head = g_string_new_len(data, (gssize)MIN(size, 100));
    const char *text = g_strstrip(head->str);
    return g_ascii_strncasecmp(text, "Version: 1", strlen("Version: 1")) == 0 &&
           !g_ascii_isdigit(text[strlen("Version: 1")]);
}

static const char control_type[] = "application/pgp-encrypted";

static gboolean is_control(const Message *message, guint n)
{
    return strcmp(type_of(message, n), control_type) == 0 && is_version_one(message, n);
}

static Layer encrypted_layer(const Message *message, guint n)
{
    guint children[2];
    if (find_children(message, n, children, G_N_ELEMENTS(children)) &&
        is_control(message, children[0]) && protocol_is(message, n, control_type))
        return (Layer){LAYER_PGP_ENCRYPTED, children[1], 0};
    return (Layer){LAYER_BROKEN, n, 0};
}

static gboolean is_blank(const Message *message, guint n)
{
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    while (size > 0 && g_ascii_isspace(data[size - 1]))
        size--;
    return size == 0;
}

/* What Microsoft Exchange makes of an encrypted message that it passes on: multipart/mixed, with a
 * text of nothing before the two parts. Were there a word in it, it would be a mixture, and stay
 * one. */
static Layer mixed_layer(const Message *message, guint n)
{
    guint children[3];
    if (find_children(message, n, children, G_N_ELEMENTS(children)) &&
        strcmp(type_of(message, children[0]), "text/plain") == 0 &&
        is_control(message, children[1]) &&
        strcmp(type_of(message, children[2]), "application/octet-stream") == 0 &&
        is_blank(message, children[0]))
        return (Layer){LAYER_PGP_ENCRYPTED, children[2], 0};
    return (Layer){LAYER_NONE, n, 0};
}

static Layer signed_layer(const Message *message, guint n)
{
    static const struct {
        const char *protocol;
        LayerKind kind;
    } known[] = {
        {"application/pgp-signature", LAYER_PGP_SIGNED},
        {"application/pkcs7-signature", LAYER_SMIME_SIGNED},
        {"application/x-pkcs7-signature", LAYER_SMIME_SIGNED},
    };
    guint children[2];
    gboolean two = find_children(message, n, children, G_N_ELEMENTS(children));
    for (gsize i = 0; two && i < G_N_ELEMENTS(known); i++)
        if (strcmp(type_of(message, children[1]), known[i].protocol) == 0 &&
            protocol_is(message, n, known[i].protocol))
            return (Layer){known[i].kind, children[0], children[1]};
    return (Layer){LAYER_NONE, n, 0};
}

static gboolean is_cms(const Message *message, guint n)
{
    const char *type = type_of(message, n);
    if (strcmp(type, "application/pkcs7-mime") != 0 &&
        strcmp(type, "application/x-pkcs7-mime") != 0)
        return FALSE;
    g_autofree char *kind = message_part_parameter(message, n, "smime-type");
    return g_strcmp0(kind, "certs-only") != 0 && g_strcmp0(kind, "compressed-data") != 0;
}

Layer layer_of(const Message *message, guint n)
{
    const char *type = type_of(message, n);
    if (strcmp(type, "multipart/encrypted") == 0)
        return encrypted_layer(message, n);
    if (strcmp(type, "multipart/signed") == 0)
        return signed_layer(message, n);
    if (strcmp(type, "multipart/mixed") == 0)
        return mixed_layer(message, n);
    return (Layer){is_cms(message, n) ? LAYER_SMIME : LAYER_NONE, n, 0};
}

static gboolean named_as_cipher(const PartInfo *part)
{
    static const char *const endings[] = {".asc", ".pgp", ".gpg"};
    if (strcmp(part->type, "text/plain") == 0)
        return TRUE;
    for (gsize i = 0; part->filename && i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_ascii_strdown(part->filename, -1);
        if (g_str_has_suffix(name, endings[i]))
            return TRUE;
    }
    return FALSE;
}

ClosedKind layer_closed(const Message *message, guint n)
{
    const PartInfo *part = message_part(message, n);
    LayerKind kind = layer_of(message, n).kind;
    if (kind == LAYER_PGP_ENCRYPTED || kind == LAYER_SMIME)
        return CLOSED_LAYER;
    if (part == NULL || part->multipart || !named_as_cipher(part) ||
        layer_of(message, part->parent).kind == LAYER_PGP_ENCRYPTED)
        return CLOSED_NOT;
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    return pgp_outline_is_encrypted(bytes) ? CLOSED_FILE : CLOSED_NOT;
}
