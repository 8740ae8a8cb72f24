/*
 * smime — reads and verifies S/MIME (RFC 8551) by GPGME and gpgsm, offline: no CRL, no OCSP, no
 * certificate is fetched. libcrypto looks at the structure first, so that gpgsm is asked only about
 * what it will answer: handed a signature with a content of its own, it would verify that one in
 * the place of the text.
 *
 * Errors: 65 "smime.data" for what is unusable, 78 "smime.engine" when gpgsm is missing, and those
 * of pgp.h about private keys.
 */
#pragma once

#include <glib.h>

#include "core/letter.h"

/*
 * What CMS holds. Enveloped: the decrypted bytes, and *encrypted is TRUE; *changeable says that
 * nothing would tell if somebody had changed them. Signed: the content, and every signature is
 * appended to SIGNATURES, one of status error when there is none that can be checked.
 */
GBytes *smime_open(GBytes *cms, const char *from, GPtrArray *signatures, gboolean *encrypted,
                   gboolean *changeable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does CMS say that it is enveloped? FALSE for what cannot be read. */
gboolean smime_is_enveloped(GBytes *cms);

/* The content of signed data, nothing verified; NULL for anything else. */
GBytes *smime_content(GBytes *cms);

/* Verifies a detached signature over DATA, appending every signature found. */
gboolean smime_verify(GBytes *data, GBytes *cms, const char *from, GPtrArray *signatures,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
