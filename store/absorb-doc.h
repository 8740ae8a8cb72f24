/* absorb-doc — what the index is told about one message: as much as its share allows. */
#pragma once

#include "core/config.h"
#include "core/letter.h"
#include "crypto/pgpmime.h"

typedef struct {
    IndexShare share; /* of mail that arrived encrypted */
    OpenWay way; /* falls to OPEN_AGAIN when the key turns out to be locked: asked once a run */
} AbsorbRules;

/* DOC, taken, of a message that is sealed singly: nothing of it when it arrived encrypted and of
 * such mail nothing may be known. */
IndexDoc *absorb_share(IndexDoc *doc, const AbsorbRules *rules, guint64 *size);

/* Whether the message that begins with HEAD is of use to absorb_doc only as a whole. */
gboolean absorb_wants_whole(const guint8 *head, gsize size, const AbsorbRules *rules);

/*
 * The document of MAIL, which may be cut at LIMIT_INDEX_BYTES, an encrypted one that is wanted
 * whole at LIMIT_VIEW_BYTES. *deferred says that its text is wanted and would be there, were the
 * key open. Calls gpg only for an encrypted root part. KEYS are those of an earlier opening, and
 * get those of this one; or NULL.
 */
IndexDoc *absorb_doc(GBytes *mail, AbsorbRules *rules, SessionKeys *keys, gboolean *deferred);
