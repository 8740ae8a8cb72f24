/*
 * protect — how a letter leaves: which keys, which protection. Shared by
 * everything that sends.
 */
#pragma once

#include "cli/command.h"
#include "mime/compose.h"

typedef enum { WISH_AUTO, WISH_YES, WISH_NO } Wish;

typedef struct {
    char **encrypt_to;   /* fingerprints of To, Cc and the sender, NULL: not encrypted */
    GPtrArray *bcc_keys; /* fingerprints of Bcc recipients, in the letter's order; char * */
    const char *signer;  /* fingerprint, NULL: not signed */
} Protect;

void protect_clear(Protect *protect);

/*
 * Holds LETTER against policy and decides. Refuses with 78 "send.freemail", "send.outside",
 * "send.encrypt" (rule or --encrypt demands it, but a recipient has no trusted key; the sentence
 * names the recipient), 75 "key.locked".
 */
gboolean protect_decide(const Context *context, const Account *account, const Letter *letter,
                        Wish encrypt, Wish sign, Protect *protect,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
