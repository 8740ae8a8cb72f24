/*
 * owncopy — what becomes of the sender's own copy of a letter: where it lies, and how it is sealed.
 * The rules for sensitive mail are held against it as against mail that arrives, and what they said
 * of the letter before it was encrypted, or of one that it answers, counts as well (P9).
 */
#pragma once

#include "core/config.h"
#include "store/vault-outbox.h"

/* Does ACCOUNT keep copies? And in which folder: its own or, where a server has none, "Sent". */
gboolean owncopy_wanted(const Account *account);
gboolean owncopy_filed(const Account *account); /* on the server, too */
const char *owncopy_folder(const Account *account);

/*
 * The copy that comes with LETTER, to be stored when it is sent; NULL without *error when there is
 * none, or none is wanted any more. 78 "sensitive.key": it is sensitive, and ACCOUNT names no key to seal to; those of
 * vault-copy.h.
 */
OwnCopy *owncopy_prepare(const Config *config, const Account *account, Vault *vault,
                         const Secret *match_key, const OutboxLetter *letter, GError **error);
