/* lettersource — in the child: the bytes of a letter, read off the wire as they are asked for. */
#pragma once

#include "core/stream.h"
#include "fetchd/wire.h"

typedef struct {
    Source source;
    Wire *wire;
    Frame frame;
    gboolean ended;
} LetterSource;

/* Of the DATA that follows, up to END. It holds nothing to be freed. */
LetterSource letter_source(Wire *wire);

/* Reads what is left, which must not be taken for commands. */
gboolean letter_source_drain(LetterSource *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
