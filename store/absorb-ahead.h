/*
 * absorb-ahead — a thread that reads messages for the index, out of a connection of its own to the
 * vault, while those before them are written to it: opening and parsing takes about as long as
 * writing. They come in the order in which they were asked for.
 */
#pragma once

#include "store/absorb-read.h"

typedef struct AbsorbAhead AbsorbAhead;

/* Reads as READER would, which has to outlive it. NULL with *error when the vault does not open. */
AbsorbAhead *ahead_new(const AbsorbReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the message that is being read; what was not taken is dropped. The way as it is now. */
OpenWay ahead_free(AbsorbAhead *ahead);

void ahead_ask(AbsorbAhead *ahead, const char *id, Look look);
/* Waits for the first that was asked for and not taken; as absorb_read(). When somebody is asked
 * for a passphrase meanwhile, the reader's `asking` is called, by this thread. */
gboolean ahead_take(AbsorbAhead *ahead, AbsorbRead *read, GError **error) G_GNUC_WARN_UNUSED_RESULT;
