/*
 * original — the letter that a reply or a forward begins with: opened as show opens it, and what
 * follows from it for the letter that is written. What came encrypted goes on encrypted, and
 * nothing is passed on that a reader was not shown as part of the letter itself: a foreign cipher
 * text hidden in it is neither quoted nor enclosed (P9, 78).
 */
#pragma once

#include "cli/reading.h"
#include "cli/writing.h"

typedef struct {
    Reading *reading;
    GBytes *raw;        /* as it came */
    gboolean sealed;    /* it came encrypted, or some of its text did */
    gboolean sensitive; /* a rule said so when it came, */
    IndexShare share;   /* and that the index may know so much */
    char *account;      /* by which it came, or NULL */
} Original;

void original_clear(Original *original);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Original, original_clear)

/* CONTEXT gets what it takes. 65 "message.id" and those of context_meet() and vault_message(). */
gboolean original_fetch(Context *context, const char *id, Original *original,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The account that answers: that of --from, else the one it was sent to, else the one that it came
 * by, else the first that can send. The address of it that was written to becomes WRITING's sender;
 * it lies in *FROM (g_free). */
const Account *original_account(const Context *context, const Original *original, Writing *writing,
                                char **from, GError **error);

/* What may be passed on of its text, safe to show (g_free); notes what is left out. */
char *original_text(const Original *original);

/*
 * Sets LETTER's subject: --subject, else PREFIX and the letter's own; and what the original demands
 * of POSTING. 65 "reply.subject": the letter's own stands in what is encrypted, and cannot be read
 * or may not be told.
 */
gboolean original_lead(const Original *original, const char *prefix, const Writing *writing,
                       Letter *letter, Posting *posting, GError **error) G_GNUC_WARN_UNUSED_RESULT;
