/* See layer.h. */
#include "crypto/layer.h"

#include <string.h>

#include "crypto/pgp-outline.h"

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

static Layer encrypted_layer(const Message *message, guint n)
{
    static const char protocol[] = "application/pgp-encrypted";
    guint children[2];
    if (two_children(message, n, children) &&
        strcmp(type_of(message, children[0]), protocol) == 0 && protocol_is(message, n, protocol) &&
        is_version_one(message, children[0]))
        return (Layer){LAYER_PGP_ENCRYPTED, children[1], 0};
    return (Layer){LAYER_BROKEN, n, 0};
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
    gboolean two = two_children(message, n, children);
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
