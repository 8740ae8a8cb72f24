/*
 * editor — the user's editor over one text. What is known of editors keeps their swap, backup and
 * history files away from it; the text itself lies in an EditPlace alone.
 */
#pragma once

#include "cli/editplace.h"

/* The text was saved, and the editor still runs. */
typedef void (*EditorSaved)(gpointer user, GBytes *text);

/* How VISUAL, EDITOR or what is installed is started on FILE, NULL-terminated (g_strfreev); *KNOWN:
 * whether it leaves nothing elsewhere. 78 "draft.editor": there is none. */
GStrv editor_command(const EditPlace *place, gboolean *known,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Runs it until it ends, and calls SAVED meanwhile. 65 "draft.editor": it could not be started, or
 * says that it failed. 75 "run.interrupted": SIGTERM or SIGHUP came; the editor was ended, and what
 * it saved at last is in the file.
 */
gboolean editor_run(EditPlace *place, EditorSaved saved, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
