/*
 * maildir — a folder of Maildirs: one message a file in `cur` or `new`, its flags in its name.
 * Folders below it are Maildir++'s (".A.B") or nested ("A/B").
 */
#pragma once

#include "archive/region.h"

/* All mail below the directory DIR, which is taken over, and is called PATH. *any FALSE: there is
 * no Maildir there. */
gboolean maildir_read(int dir, const char *path, const ArchiveTaker *taker, gboolean *any,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The letters behind ":2," (or ";2,", "!2,", where a file system knows no colon) of a file's name.
 */
const char *maildir_flags(const char *name);
