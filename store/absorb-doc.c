/* See absorb-doc.h. */
#include "store/absorb-doc.h"

#include "core/error.h"

/* The outer header fields alone. */
static IndexDoc *outer_doc(const Reading *closed)
{
    IndexDoc *doc = reading_index_doc(closed);
    index_doc_drop_text(doc);
    doc->encrypted = TRUE;
    return doc;
}

static IndexDoc *decrypted_doc(GBytes *mail, AbsorbRules *rules, SessionKeys *keys, Waits *waits)
{
    *waits = rules->way == OPEN_NOT ? WAITS_LOCKED : WAITS_NOT;
    if (rules->way == OPEN_NOT)
        return NULL;
    if (rules->way == OPEN_ANY && !session_keys_any(keys))
        rules->asking(rules->user);
    g_autoptr(Reading) reading = reading_open_by(mail, rules->way, keys);
    if (reading->locked == NULL) {
        IndexDoc *doc = reading_index_doc(reading);
        doc->gossip = reading_gossip(reading);
        return doc;
    }
    /* A key that is merely locked opens it another day; asking once more would only annoy. */
    if (reading->locked->code == POSTERN_ERROR_TEMPORARY) {
        rules->way = OPEN_AGAIN;
        *waits = WAITS_LOCKED;
    } else if (g_strcmp0(postern_error_rule(reading->locked), "key.missing") == 0)
        *waits = WAITS_MISSING;
    return NULL;
}

IndexDoc *absorb_share(IndexDoc *doc, const AbsorbRules *rules, guint64 *size)
{
    if (!doc->encrypted || rules->share != INDEX_NONE)
        return doc;
    index_doc_free(doc);
    IndexDoc *nothing = index_doc_new();
    nothing->encrypted = nothing->sensitive = TRUE;
    *size = 0;
    return nothing;
}

gboolean absorb_wants_whole(const guint8 *head, gsize size, const AbsorbRules *rules)
{
    if (rules->share != INDEX_FULL || rules->way == OPEN_NOT)
        return FALSE;
    g_autoptr(GBytes) mail = g_bytes_new_static(head, size);
    g_autoptr(Reading) reading = reading_open(mail, FALSE);
    return reading->protection->encrypted;
}

IndexDoc *absorb_doc(GBytes *mail, AbsorbRules *rules, SessionKeys *keys, Waits *waits)
{
    *waits = WAITS_NOT;
    g_autoptr(Reading) reading = reading_open(mail, FALSE);
    if (!reading->protection->encrypted)
        return reading_index_doc(reading);
    if (rules->share == INDEX_NONE) {
        IndexDoc *nothing = index_doc_new();
        nothing->encrypted = TRUE;
        return nothing;
    }
    IndexDoc *doc = rules->share == INDEX_FULL ? decrypted_doc(mail, rules, keys, waits) : NULL;
    return doc ? doc : outer_doc(reading);
}
