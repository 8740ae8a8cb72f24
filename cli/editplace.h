/*
 * editplace — where a letter lies in clear while it is edited: a directory of its own, for its
 * owner alone, on a file system that is in memory (statfs(2): tmpfs or ramfs). There is no other
 * place (P4).
 */
#pragma once

#include <glib.h>

typedef struct {
    char *dir;   /* …/postern-draft-ID */
    char *file;  /* the text, in it */
    char *first; /* the text as it was at the start, in it */
} EditPlace;

void editplace_clear(EditPlace *place);

/* Makes the directory for the draft ID, and TEXT in it. 78 "draft.place": nothing here is in
 * memory. Free with editplace_remove(). */
gboolean editplace_make(EditPlace *place, const char *id, const char *text,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 78 "draft.place", before anything is done. */
gboolean editplace_possible(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last words of an editor that was ended before it could be asked to save become its text. */
void editplace_settle(const EditPlace *place);

/* What FILE of the place holds, no link; 65 "draft.text": it is not there, or too large. */
GBytes *editplace_read(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* With all that is in it. */
void editplace_remove(EditPlace *place);

/* Calls TAKER for each that some process left behind; PLACE is valid during the call. */
typedef void (*EditPlaceTaker)(gpointer user, const char *id, EditPlace *place);
void editplace_each(EditPlaceTaker taker, gpointer user);
