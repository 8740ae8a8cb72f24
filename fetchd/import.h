/*
 * import — mail from files into the vault, sealed as what a server sends is: the same batches, the
 * same rules for sensitive mail, and no private key. Nothing here prints.
 */
#pragma once

#include "archive/archive.h"
#include "core/config.h"

/* Told with each message, from the caller's thread. */
typedef void (*ImportProgress)(gpointer user, guint64 messages, guint64 bytes);

typedef struct {
    const Config *config;
    const char *store; /* directory of the vault */
    const Account *account;
    const char *folder; /* where all of it lies; NULL: as the files say, else INBOX */
    MboxKind kind;
    int stop_fd;             /* readable: keep what is whole and stop; -1 for none */
    ImportProgress progress; /* or NULL */
    gpointer user;
} ImportRun;

#define IMPORT_FAULTS 20 /* that are told one by one */

typedef struct {
    guint64 stored;    /* new messages */
    guint64 known;     /* whose bytes were here already */
    guint64 sensitive; /* that a rule fits */
    guint64 unusable;  /* files and parts of files that are no mail, or could not be read */
    GPtrArray *faults; /* GError *: the first of these */
    int worst;         /* exit code of all of them, 0 for none */
} ImportCount;
void import_count_clear(ImportCount *count);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportCount, import_count_clear)

/*
 * All mail at PATHS. What was whole when it fails is kept, and counted. 78 "key.missing" and the
 * like before anything is read; 65 "import.nothing", "import.file", 74 "import.read" for a path;
 * 75 "vault.busy", "run.interrupted".
 */
gboolean import_paths(const ImportRun *run, char *const *paths, ImportCount *count,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
