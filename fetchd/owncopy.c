/* See owncopy.h. */
#include "fetchd/owncopy.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/sensitive.h"
#include "store/share.h"

gboolean owncopy_wanted(const Account *account)
{
    return g_strcmp0(account->save_sent, "no") != 0;
}

gboolean owncopy_filed(const Account *account)
{
    return account->save_sent && owncopy_wanted(account) && strcmp(account->save_sent, "server");
}

const char *owncopy_folder(const Account *account)
{
    return owncopy_filed(account) ? account->save_sent : "Sent";
}

/* What the index may know of it, *SINGLY: and it is sealed so. HEAD is what the rules see. */
static IndexShare judge(const Config *config, const Account *account, const OutboxLetter *letter,
                        GBytes *head, gboolean *singly)
{
    const JudgedPlace place = {.account = account->name,
                               .mailbox = owncopy_folder(account),
                               .size = g_bytes_get_size(letter->copy)};
    g_auto(Verdict) verdict = {0};
    sensitive_judge(config->sensitive, &place, head, &verdict);
    *singly = verdict.sensitive || letter->sensitive;
    return MIN(verdict.sensitive ? verdict.index : INDEX_FULL,
               letter->sensitive ? letter->share : INDEX_FULL);
}

OwnCopy *owncopy_prepare(const Config *config, const Account *account, Vault *vault,
                         const Secret *match_key, const OutboxLetter *letter, GError **error)
{
    gboolean singly;
    g_autoptr(GBytes) share = NULL;
    g_auto(GStrv) keys = NULL;
    if (letter->copy == NULL || !owncopy_wanted(account))
        return NULL;
    gsize size = g_bytes_get_size(letter->copy);
    g_autoptr(GBytes) head = g_bytes_new_from_bytes(letter->copy, 0, MIN(size, LIMIT_JUDGED_BYTES));
    IndexShare most = judge(config, account, letter, head, &singly);
    if (singly && !sensitive_needs_key(account, error))
        return NULL;
    if (singly) {
        share = share_make(head, most, size);
        keys = sensitive_keys(config, account);
    }
    return own_copy_new(vault, match_key, account->name, owncopy_folder(account),
                        g_get_real_time() / G_USEC_PER_SEC, letter->copy, share, keys, error);
}
