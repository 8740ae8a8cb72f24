/* See dotstuff.h. */
#include "net/dotstuff.h"

#include "core/error.h"

static gboolean bare(GError **error)
{
    return refuse(error, POSTERN_ERROR_INPUT, "send.value",
                  "encode the part as base64 or quoted-printable",
                  "the letter holds NUL, or a CR or LF that stands alone");
}

gboolean dotstuff_feed(DotStuff *state, const guint8 *bytes, gsize size, GByteArray *out,
                       GError **error)
{
    for (gsize i = 0; i < size; i++) {
        guint8 byte = bytes[i];
        if (byte == '\0' || (byte == '\n') != state->after_cr)
            return bare(error);
        if (byte == '.' && !state->in_line && !state->counted)
            g_byte_array_append(out, &byte, 1);
        g_byte_array_append(out, &byte, 1);
        state->after_cr = byte == '\r';
        state->in_line = byte != '\n';
        state->eight_bit = state->eight_bit || byte >= 0x80;
    }
    return TRUE;
}

gboolean dotstuff_finish(DotStuff *state, GByteArray *out, GError **error)
{
    if (state->after_cr)
        return bare(error);
    if (state->in_line && !state->counted)
        g_byte_array_append(out, (const guint8 *)"\r\n", 2);
    return TRUE;
}
