/* See protect.h. */
#include "cli/protect.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "policy/outgoing.h"

void protect_clear(Protect *protect)
{
    g_clear_pointer(&protect->encrypt_to, g_strfreev);
    g_clear_pointer(&protect->bcc_keys, g_ptr_array_unref);
    g_clear_error(&protect->in_clear);
    protect->signer = NULL;
}

static void add_addresses(GPtrArray *all, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        g_ptr_array_add(all, ((Mailbox *)mailboxes->pdata[i])->address);
}

/* --- keys ---------------------------------------------------------------------------------- */

/* Whose key it is that FAILURE speaks of. */
static gboolean blame(const char *whose, GError *failure, GError **error)
{
    if (strstr(failure->message, whose) == NULL)
        g_prefix_error(&failure, "%s: ", whose);
    g_propagate_error(error, failure);
    return FALSE;
}

static char *find_key(const Mailbox *mailbox, GError **error)
{
    GError *failure = NULL;
    char *key = pgp_find_recipient(mailbox->address, &failure);
    g_autofree char *shown = text_address(mailbox->address);
    if (key == NULL)
        blame(shown, failure, error);
    return key;
}

static gboolean find_keys(const GPtrArray *mailboxes, GPtrArray *keys, GError **error)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        char *key = find_key(mailboxes->pdata[i], error);
        if (key == NULL)
            return FALSE;
        g_ptr_array_add(keys, key);
    }
    return TRUE;
}

/* The sender reads every copy too, for instance one that comes back. */
static gboolean check_own_key(const Account *account, GError **error)
{
    GError *failure = NULL;
    if (account->key == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "send.own-key",
                      "name it: key = FINGERPRINT in the account's section",
                      "account \"%s\" has no key of its own, so that you could never read what you "
                      "encrypt",
                      account->name);
    return pgp_check_encrypt(account->key, &failure) || blame("your own key", failure, error);
}

static void free_keys(gpointer keys)
{
    g_strfreev(keys);
}

/* The keys of TO and of the sender, who may be one of them. */
static char **with_own(const GPtrArray *to, const Account *account)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    gboolean own = FALSE;
    for (guint i = 0; i < to->len; i++) {
        g_strv_builder_add(keys, to->pdata[i]);
        own |= g_ascii_strcasecmp(to->pdata[i], account->key) == 0;
    }
    if (!own)
        g_strv_builder_add(keys, account->key);
    return g_strv_builder_end(keys);
}

typedef struct {
    GPtrArray *seen;   /* char *: of To and Cc */
    GPtrArray *hidden; /* char *: of Bcc */
} Keys;

static void keys_clear(Keys *keys)
{
    g_ptr_array_unref(keys->seen);
    g_ptr_array_unref(keys->hidden);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keys, keys_clear)

static gboolean find_all_keys(const Letter *letter, const Keys *keys, GError **error)
{
    return find_keys(letter->to, keys->seen, error) && find_keys(letter->cc, keys->seen, error) &&
           find_keys(letter->bcc, keys->hidden, error);
}

static void take_keys(const Keys *keys, const Account *account, Protect *protect)
{
    protect->encrypt_to = with_own(keys->seen, account);
    protect->bcc_keys = g_ptr_array_new_with_free_func(free_keys);
    for (guint i = 0; i < keys->hidden->len; i++) {
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, keys->hidden->pdata[i]);
        g_ptr_array_add(protect->bcc_keys, with_own(one, account));
    }
}

/* --- decisions ----------------------------------------------------------------------------- */

/* There is no key that could be used, in distinction to a key that has a fault. */
static gboolean has_no_key(const GError *failure)
{
    const char *rule = postern_error_rule(failure);
    return g_strcmp0(rule, "key.missing") == 0 || g_strcmp0(rule, "key.untrusted") == 0;
}

/* --no-encrypt, against which DEMANDS stands or NULL. */
static gboolean allow_clear(const char *demands, GError **error)
{
    g_autofree char *shown = demands ? text_address(demands) : NULL;
    return demands == NULL ||
           refuse(error, POSTERN_ERROR_POLICY, "send.encrypt", "leave --no-encrypt out",
                  "policy wants this letter encrypted: it leaves the company, to %s", shown);
}

/* FAILURE, with the way out that there is where nobody demands encryption. */
static gboolean give_up(GError *failure, gboolean demanded, GError **error)
{
    if (!demanded && postern_exit_code(failure) == POSTERN_ERROR_POLICY) {
        g_autofree char *mend =
            g_strconcat(postern_error_mend(failure), "; or say --no-encrypt", NULL);
        postern_error_set_mend(failure, mend);
    }
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean decide_encryption(const Company *company, const Account *account,
                                  const Letter *letter, Wish wish, Protect *protect, GError **error)
{
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    add_addresses(recipients, letter->to);
    add_addresses(recipients, letter->cc);
    add_addresses(recipients, letter->bcc);
    const char *demands;
    if (!outgoing_vet(company, recipients, &demands, error))
        return FALSE;
    if (wish == WISH_NO)
        return allow_clear(demands, error);
    gboolean demanded = demands != NULL || wish == WISH_YES;
    g_auto(Keys)
        keys = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
    GError *failure = NULL;
    gboolean all = find_all_keys(letter, &keys, &failure);
    if (!all && !demanded && has_no_key(failure)) {
        protect->in_clear = failure; /* inside the company: it goes as it is */
        return TRUE;
    }
    if (!all || !check_own_key(account, &failure))
        return give_up(failure, demanded, error);
    take_keys(&keys, account, protect);
    return TRUE;
}

static gboolean decide_signature(const Account *account, Wish sign, Protect *protect,
                                 GError **error)
{
    const char *signer = account->sign_key ? account->sign_key : account->key;
    GError *failure = NULL;
    if (sign == WISH_NO)
        return TRUE;
    if (signer && pgp_has_secret(signer)) {
        protect->signer = signer;
        return pgp_check_sign(signer, &failure) || blame("your own key", failure, error);
    }
    return (sign == WISH_AUTO && protect->encrypt_to == NULL) ||
           refuse(error, POSTERN_ERROR_POLICY, "send.sign", "set sign_key, or say --no-sign",
                  "no private key to sign with for account \"%s\"", account->name);
}

gboolean protect_decide(const Context *context, const Account *account, const Letter *letter,
                        Wish encrypt, Wish sign, Protect *protect, GError **error)
{
    const Company *company = &context->config->company;
    if (decide_encryption(company, account, letter, encrypt, protect, error) &&
        decide_signature(account, sign, protect, error))
        return TRUE;
    protect_clear(protect);
    return FALSE;
}
