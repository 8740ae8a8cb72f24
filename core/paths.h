/*
 * paths — where Postern's files lie, and with which modes (XDG base directories).
 * Strings returned are the caller's (g_free).
 */
#pragma once

#include <glib.h>

char *path_config(void);        /* $XDG_CONFIG_HOME/postern/config */
char *path_policy(void);        /* SYSCONFDIR/postern/policy */
char *path_data(void);          /* $XDG_DATA_HOME/postern */
char *path_state(void);         /* $XDG_STATE_HOME/postern */

/*
 * Makes DIR and its parents with mode 0700 and checks what is there: a directory of ours, not
 * reached through a link at its last component, closed to group and others (an open one is
 * refused, not mended). Code 73, rule "store.directory".
 */
gboolean path_private_directory(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Writes DATA to PATH with mode 0600 so that a crash leaves either the old file or the new one
 * (temporary file, fsync, rename, fsync of the directory). Code 74, rule "store.write".
 */
gboolean path_write_private(const char *path, const void *data, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/*
 * Writes DATA to a new file in DIR, with mode 0600 and synced: NAME, or NAME with "-2", "-3" … before
 * its ending where there is such a file. Nothing is written over, and nothing through a link;
 * what could not be written whole goes again. *path: the file (g_free). Code 73 or 74, rule
 * "save.file".
 */
gboolean path_write_new(const char *dir, const char *name, const void *data, gsize size,
                        char **path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where the program NAME of ours lies: beside the one that runs, as in a build, else where it is
 * installed. */
char *paths_program(const char *name);
