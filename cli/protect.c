/* See protect.h. */
#include "cli/protect.h"

#include "core/error.h"
#include "crypto/pgp.h"
#include "policy/outgoing.h"

void protect_clear(Protect *protect)
{
    g_clear_pointer(&protect->encrypt_to, g_strfreev);
    g_clear_pointer(&protect->bcc_keys, g_ptr_array_unref);
}

static void add_addresses(GPtrArray *all, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        g_ptr_array_add(all, ((Mailbox *)mailboxes->pdata[i])->address);
}

static gboolean find_keys(const GPtrArray *mailboxes, GPtrArray *keys, GError **error)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        char *key = pgp_find_recipient(((Mailbox *)mailboxes->pdata[i])->address, error);
        if (key == NULL)
            return FALSE;
        g_ptr_array_add(keys, key);
    }
    return TRUE;
}

static gboolean find_all_keys(const Account *account, const Letter *letter, Protect *protect,
                              GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    protect->bcc_keys = g_ptr_array_new_with_free_func(g_free);
    if (!find_keys(letter->to, keys, error) || !find_keys(letter->cc, keys, error) ||
        !find_keys(letter->bcc, protect->bcc_keys, error))
        return FALSE;
    /* The sender reads his own copy too. */
    if (account->key)
        g_ptr_array_add(keys, g_strdup(account->key));
    g_ptr_array_add(keys, NULL);
    protect->encrypt_to = (char **)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
    return TRUE;
}

static gboolean decide_encryption(const Company *company, const Account *account,
                                  const Letter *letter, Wish wish, Protect *protect, GError **error)
{
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    add_addresses(recipients, letter->to);
    add_addresses(recipients, letter->cc);
    add_addresses(recipients, letter->bcc);
    gboolean must;
    if (!outgoing_vet(company, recipients, &must, error))
        return FALSE;
    if (wish == WISH_NO)
        return !must ||
               refuse(error, POSTERN_ERROR_POLICY, "send.encrypt", "leave --no-encrypt out",
                      "policy wants this letter encrypted: it leaves the company");
    g_autoptr(GError) failure = NULL;
    if (find_all_keys(account, letter, protect, &failure))
        return TRUE;
    protect_clear(protect);
    /* A key that may be somebody else's now is no reason to do without one. */
    gboolean changed = g_strcmp0(postern_error_rule(failure), "key.changed") == 0;
    if (!must && wish == WISH_AUTO && !changed &&
        g_error_matches(failure, POSTERN_ERROR, POSTERN_ERROR_POLICY))
        return TRUE; /* inside the company and without a key: it goes as it is */
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean protect_decide(const Context *context, const Account *account, const Letter *letter,
                        Wish encrypt, Wish sign, Protect *protect, GError **error)
{
    const char *signer = account->sign_key ? account->sign_key : account->key;
    if (!decide_encryption(&context->config->company, account, letter, encrypt, protect, error))
        return FALSE;
    if (sign == WISH_NO)
        return TRUE;
    if (signer && pgp_has_secret(signer)) {
        protect->signer = signer;
        return TRUE;
    }
    if (sign == WISH_AUTO && protect->encrypt_to == NULL)
        return TRUE;
    protect_clear(protect);
    return refuse(error, POSTERN_ERROR_POLICY, "send.sign", "set sign_key, or say --no-sign",
                  "no private key to sign with for account \"%s\"", account->name);
}
