/*
 * writing — what a user says of a letter on the command line: shared by send, reply and forward.
 */
#pragma once

#include "cli/posting.h"

typedef struct {
    char **to, **cc, **bcc, **attach;
    char *subject, *body, *from, *sensitivity, *dsn;
    Notice notice; /* what DSN says, by writing_check() */
    gboolean sign, no_sign, encrypt, no_encrypt, dry_run, queue;
} Writing;

void writing_clear(Writing *writing);

/* The options that fill WRITING, behind MORE (which ends with G_OPTION_ENTRY_NULL, or NULL) and but
 * for those that have a name there; free with g_free(). */
GOptionEntry *writing_options(Writing *writing, const GOptionEntry *more);

/* 64 "usage": options that contradict each other, or say nothing. */
gboolean writing_check(Writing *writing, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Sender, mark and attachments of LETTER, and its recipients behind those that it has; who has it
 * already gets no second one. 65 "send.value", "send.address", "send.recipients"; 64 for none at
 * all, unless the editor may name some; 78 "send.from".
 */
gboolean writing_fill(const Writing *writing, const Account *account, Letter *letter,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the text, and the rest, written in the editor: no --body, and a terminal? */
gboolean writing_edits(const Writing *writing);

/* The text from --body FILE, from standard input with "-" or where that is no terminal (g_free);
 * "" where the editor is to ask for it. 65 "send.body". */
char *writing_body(const Writing *writing, GError **error);

Posting writing_posting(const Writing *writing);
