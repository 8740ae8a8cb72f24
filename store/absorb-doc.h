/* absorb-doc — what the index is told about one message: as much as its share allows. */
#pragma once

#include "core/config.h"
#include "core/letter.h"

typedef struct {
    IndexShare share;     /* of mail that arrived encrypted */
    gboolean may_decrypt; /* falls to FALSE when the key turns out to be locked: asked once a run */
} AbsorbRules;

/*
 * The document of MAIL, which may be cut at LIMIT_INDEX_BYTES. *deferred says that its text is
 * wanted and would be there, were the key open. Calls gpg only for an encrypted root part.
 */
IndexDoc *absorb_doc(GBytes *mail, AbsorbRules *rules, gboolean *deferred);
