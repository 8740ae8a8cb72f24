/*
 * draft — a letter that is being written: its text as it is edited, what it encloses, and what it
 * answers and therefore must; and how these lie in the vault.
 */
#pragma once

#include "cli/posting.h"

typedef struct {
    Wish encrypt, sign;
    guint notices;         /* NoticeWhen */
    char *because;         /* see Wishes: of the letter that is answered or passed on; or NULL */
    char *sensitivity;     /* a mark, or NULL */
    char *in_reply_to;     /* or NULL */
    GPtrArray *references; /* char * */
    GPtrArray *parts;      /* Enclosure *: the lines "Enclosed" number them from 1 */
} Draft;

Draft *draft_new(void);
void draft_free(Draft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Draft, draft_free)

/* Takes over LETTER and what POSTING says of it, its files read: 65 "send.attachment". *TEXT
 * (g_free) is what is to be edited. */
Draft *draft_from(const Letter *letter, const Posting *posting, char **text,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The bytes of the vault's head and parts. */
GBytes *draft_head(const Draft *draft);
GBytes *draft_parts(const Draft *draft);
/* 74 "vault.record": CONTENT is none. */
Draft *draft_read(const DraftContent *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The letter that TEXT says. Files behind "Attach" are read, once: from then on they are parts, and
 * *SETTLED (g_free) is the text that says so. Parts that no line names go.
 *
 * The errors of draftform_parse(), posting_from(), posting_counts() and address_parse_list(), with
 * the number of the line; 65 "send.attachment", "draft.line".
 */
Letter *draft_letter(Draft *draft, const Config *config, GBytes *text, const Account **account,
                     char **settled, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Nothing stands in its body, and it encloses nothing. */
gboolean draft_is_empty(const Letter *letter);
