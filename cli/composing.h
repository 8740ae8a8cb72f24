/*
 * composing — a letter that is written in the editor: it lies in the vault as a draft from the
 * first moment, is edited in memory alone, and leaves only when the user has seen how.
 */
#pragma once

#include "cli/draft.h"

/*
 * Begins with LETTER, edits it and asks. ANYWAY: asks though nobody has changed anything, as of a
 * letter that is passed on. The exit code, told already, 1 for what was not sent; or *error, and
 * what was written is a draft. 78 "draft.place", "draft.editor", "draft.sensitive" (it answers what
 * fits a rule for sensitive mail): nothing was begun.
 */
int composing_start(Context *context, const Letter *letter, const Posting *posting, gboolean anyway,
                    GError **error);

/* Goes on with the draft ID, whose key CONTEXT has: in the editor with EDIT, else it is sent as it
 * is. POSTING says more than the draft does where it wishes something. 65 "draft.id". */
int composing_resume(Context *context, const char *id, const Posting *posting, gboolean edit,
                     GError **error);

/* Takes what a killed process left in memory into its draft, and drops drafts that nobody wrote
 * at. */
gboolean composing_recover(const Context *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 65 "draft.id". Always FALSE. */
gboolean composing_no_draft(const char *id, GError **error);
