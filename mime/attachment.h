/* attachment — a file as a MIME part. */
#pragma once

#include <glib.h>

/*
 * Appends head and body of the part made of the file PATH: type by content, base64, the file's
 * bare name. A message/rfc822 goes as it is when every server can carry it so, else as bytes.
 * 65, "send.attachment", for what is no readable regular file or is larger than
 * LIMIT_VIEW_BYTES.
 */
gboolean attachment_write(GString *out, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The file's bytes, with its bare name and the type that its content has (g_free each). As
 * above. */
GBytes *attachment_read(const char *path, char **name, char **type,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Likewise of BYTES, as whoever sent them called them: a TYPE that is none, or composite but for
 * message/rfc822, becomes application/octet-stream. FILENAME may be NULL. */
void enclosure_write(GString *out, const char *filename, const char *type, GBytes *bytes);
