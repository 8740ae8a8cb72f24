/* absorb-doc — what the index is told about one message: as much as its share allows. */
#pragma once

#include "core/config.h"
#include "core/letter.h"
#include "crypto/pgpmime.h"

typedef struct {
    IndexShare share; /* of mail that arrived encrypted */
    OpenWay way; /* falls to OPEN_AGAIN when the key turns out to be locked: asked once a run */
    void (*asking)(gpointer user); /* before gpg may ask somebody, for as long as he takes */
    gpointer user;
} AbsorbRules;

/* Why the text of a message waits: nobody opened its key, or there is none here that opens it. */
typedef enum { WAITS_NOT, WAITS_LOCKED, WAITS_MISSING } Waits;

/* DOC, taken, of a message that is sealed singly: nothing of it when it arrived encrypted and of
 * such mail nothing may be known. */
IndexDoc *absorb_share(IndexDoc *doc, const AbsorbRules *rules, guint64 *size);

/* Whether the message that begins with HEAD is of use to absorb_doc only as a whole. */
gboolean absorb_wants_whole(const guint8 *head, gsize size, const AbsorbRules *rules);

/*
 * The document, with gossip as it came, of MAIL, which may be cut at LIMIT_INDEX_BYTES, an
 * encrypted one that is wanted whole at LIMIT_VIEW_BYTES. *waits says that its text is wanted and
 * would be there, were it not for the key. Calls gpg only for an encrypted root part. KEYS are
 * those of an earlier opening, and get those of this one; or NULL.
 */
IndexDoc *absorb_doc(GBytes *mail, AbsorbRules *rules, SessionKeys *keys, Waits *waits);
