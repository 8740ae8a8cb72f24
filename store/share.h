/*
 * share — what the index may know of a message that is sealed singly: made when it is sealed, since
 * later nobody reads it without being asked for the private key, and sealed as a record of its
 * batch.
 */
#pragma once

#include "core/config.h"
#include "core/letter.h"

/*
 * The share of a message of SIZE bytes that begins with HEAD: INDEX_NONE says nothing but that
 * there is one, INDEX_HEADERS what its outer header fields do, INDEX_FULL its text too, which ends
 * at LIMIT_SHARE_TEXT. Of mail that arrived encrypted there is no text. Calls no gpg.
 */
GBytes *share_make(GBytes *head, IndexShare share, guint64 size);

/* The document in BYTES, `sensitive`, and the message's size, 0 where nothing may be known. NULL
 * for bytes that are no share: parsed with suspicion, as journal records are. */
IndexDoc *share_read(const guint8 *bytes, gsize length, guint64 *size) G_GNUC_WARN_UNUSED_RESULT;

/* What was allowed to be in DOC of SIZE, as share_read() gave them; less where there was no text.
 */
IndexShare share_of(const IndexDoc *doc, guint64 size);
