/*
 * sensitive — the [sensitive] rules of the configuration, held against one message. Pure: the same
 * message at the same place gets the same verdict (but for a pattern that runs out of its time).
 *
 * What cannot be decided counts as sensitive: a pattern that would take too long, a text of which
 * only the head was looked at, a head with more fields than are read.
 */
#pragma once

#include "core/config.h"

typedef struct {
    gboolean sensitive;
    IndexShare index; /* the strictest of all rules that fit; INDEX_FULL when none does */
    const char *rule; /* the name of the first rule with that share; the rules' own; or NULL */
    char *keys;       /* its keys: "from, header" */
    char *why;        /* in words, safe to print */
} Verdict;
void verdict_clear(Verdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Verdict, verdict_clear)

/* Where a message lies, or is to lie, and how long it is. */
typedef struct {
    const char *account, *mailbox; /* UTF-8; NULL: at no place that a rule could mean */
    guint64 size;
} JudgedPlace;

/* RULES: SensitiveRule *. HEAD: the first bytes of the message, all of it where it is no longer
 * than LIMIT_JUDGED_BYTES. */
void sensitive_judge(const GPtrArray *rules, const JudgedPlace *place, GBytes *head,
                     Verdict *verdict);

/* 78 "sensitive.key": there are rules, and ACCOUNT does not say whose key what fits is sealed to.
 */
gboolean sensitive_has_key(const Config *config, const Account *account,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of a message that is sensitive. */
gboolean sensitive_needs_key(const Account *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* To whom what is sealed singly is wrapped, as the vault is: the owner, who is first and has a key,
 * and the company's recovery keys. */
GStrv sensitive_keys(const Config *config, const Account *account);

/*
 * A message that passes by: as much of it is kept as the rules want to see. NULL stands for no
 * rules: then nothing is kept, and nothing is sensitive.
 */
typedef struct SensitiveWatch SensitiveWatch;
/* RULES outlive it. */
SensitiveWatch *sensitive_watch_new(const GPtrArray *rules);
void sensitive_watch_free(SensitiveWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SensitiveWatch, sensitive_watch_free)

void sensitive_watch_begin(SensitiveWatch *watch);
void sensitive_watch_write(SensitiveWatch *watch, const guint8 *data, gsize size);
void sensitive_watch_end(SensitiveWatch *watch, const char *account, const char *mailbox,
                         Verdict *verdict);
/* What was kept, until the next begin: for the index's share (store/share.h). */
GBytes *sensitive_watch_head(const SensitiveWatch *watch);
/* All bytes that passed by. */
guint64 sensitive_watch_size(const SensitiveWatch *watch);
