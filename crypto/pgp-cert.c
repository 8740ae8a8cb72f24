/* See pgp-cert.h. */
#include "crypto/pgp-cert.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp-packet.h"

typedef struct {
    const char *address;
    GPtrArray *done;   /* GBytes */
    GByteArray *key;   /* the one that is being read, as far as it is kept; NULL before the first */
    gboolean fits;     /* it has a user id of ADDRESS */
    gboolean dropping; /* behind a user id of somebody else's: its signatures go with it */
    guint keys, users, subkeys, signatures; /* of it, but for KEYS */
} Sifting;

static gboolean unusable(GError **error, const char *why)
{
    return refuse(error, POSTERN_ERROR_INPUT, "key.input",
                  "ask its owner for the public key: gpg --export --armor ADDRESS",
                  "a key from elsewhere %s", why);
}

/* What stands between < and > at the end of a user id, else the whole, as gpg has it. */
static gboolean carries(const guint8 *id, gsize size, const char *address)
{
    const char *text = (const char *)id;
    if (size > 0 && text[size - 1] == '>') {
        const char *open = g_strrstr_len(text, (gssize)size, "<");
        if (open == NULL)
            return FALSE;
        size = (gsize)(text + size - 1 - (open + 1));
        text = open + 1;
    }
    return size == strlen(address) && g_ascii_strncasecmp(text, address, size) == 0;
}

static void finish(Sifting *self)
{
    if (self->key && self->fits)
        g_ptr_array_add(self->done, g_byte_array_free_to_bytes(g_steal_pointer(&self->key)));
    g_clear_pointer(&self->key, g_byte_array_unref);
}

static void begin(Sifting *self)
{
    finish(self);
    self->key = g_byte_array_new();
    self->fits = self->dropping = FALSE;
    self->keys++;
    self->users = self->subkeys = self->signatures = 0;
}

/* FALSE for a packet that no public key has. */
static gboolean take(Sifting *self, guint tag, const guint8 *body, gsize size)
{
    switch (tag) {
    case PACKET_PUBLIC_KEY: begin(self); return TRUE;
    case PACKET_USER_ID:
        self->users++;
        self->dropping = !carries(body, size, self->address);
        self->fits |= !self->dropping;
        return TRUE;
    case PACKET_USER_ATTRIBUTE:
        self->users++;
        self->dropping = TRUE;
        return TRUE;
    case PACKET_PUBLIC_SUBKEY:
        self->subkeys++;
        self->dropping = FALSE;
        return TRUE;
    case PACKET_SIGNATURE: self->signatures++; return TRUE;
    default: return FALSE;
    }
}

static gboolean within_limits(const Sifting *self)
{
    return self->keys <= LIMIT_KEYS && self->users <= LIMIT_USER_IDS &&
           self->subkeys < LIMIT_SUBKEYS && self->signatures <= LIMIT_KEY_SIGNATURES;
}

static gboolean take_packet(Sifting *self, Cursor *cursor, GError **error)
{
    const guint8 *head = cursor->data;
    PgpPacket packet = pgp_packet_head(cursor);
    const guint8 *body = packet.partial ? NULL : cursor_bytes(cursor, packet.size);
    if (body == NULL)
        return unusable(error, "is cut or broken");
    if (packet.tag == PACKET_MARKER || packet.tag == PACKET_TRUST)
        return TRUE;
    if ((self->key == NULL && packet.tag != PACKET_PUBLIC_KEY) ||
        !take(self, packet.tag, body, packet.size))
        return unusable(error, "is no public key, or not only that");
    if (!within_limits(self))
        return unusable(error, "has more parts than an honest one, or comes with too many others");
    if (!self->dropping)
        g_byte_array_append(self->key, head, (guint)(cursor->data - head));
    return TRUE;
}

GPtrArray *pgp_cert_sift(GBytes *data, const char *address, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(data, &size);
    g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Sifting self = {.address = address, .done = done};
    Cursor cursor = cursor_over(bytes, size);
    gboolean fine = size > 0 || unusable(error, "is empty");
    while (fine && cursor.left > 0)
        fine = take_packet(&self, &cursor, error);
    if (fine)
        finish(&self);
    g_clear_pointer(&self.key, g_byte_array_unref);
    return fine ? g_steal_pointer(&done) : NULL;
}
