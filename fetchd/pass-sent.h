/*
 * pass-sent — what a server keeps of one's own letters, and may have changed: the copy that lies
 * here (owncopy.h) is known again in it by its Message-ID, in the folder for what was sent alone,
 * so that a letter is not there twice. Where the bytes are the same, they alone decide.
 */
#pragma once

#include "fetchd/pass.h"

/* Before messages of MAILBOX come. */
gboolean pass_watch_sent(Pass *pass, const MailboxName *mailbox,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A message begins; more of it. */
void pass_sent_begin(Pass *pass);
void pass_sent_write(Pass *pass, const guint8 *bytes, gsize size);

/* The row of the copy that this message stands for; 0: none. */
gboolean pass_sent_row(Pass *pass, const Arrival *arrival, gint64 *row,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
