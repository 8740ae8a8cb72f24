/* mbox — many messages in one file, each behind a line that begins with "From ". */
#pragma once

#include "archive/region.h"

/* All messages of the mbox in WINDOW, which begins with "From ". */
gboolean mbox_read(Window *window, MboxKind kind, const ArchiveTaker *taker,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
