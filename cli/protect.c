/* See protect.h. */
#include "cli/protect.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "fetchd/sensitive.h"
#include "mime/address.h"
#include "policy/outgoing.h"
#include "policy/wkd.h"

void protect_clear(Protect *protect)
{
    g_clear_pointer(&protect->encrypt_to, g_strfreev);
    g_clear_pointer(&protect->bcc_keys, g_ptr_array_unref);
    g_clear_error(&protect->in_clear);
    protect->signer = NULL;
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

/* Where it might be had, if that may be asked. */
static void name_search(const Config *config, const char *address, GError *failure)
{
    if (g_strcmp0(postern_error_rule(failure), "key.missing") != 0 ||
        (!config->autocrypt && !wkd_vet(&config->company, address, NULL)))
        return;
    g_autofree char *word = text_word(address);
    g_autofree char *mend = g_strdup_printf("look for it: postern key find %s; or %s", word,
                                            postern_error_mend(failure));
    postern_error_set_mend(failure, mend);
}

static char *find_key(const Config *config, const Mailbox *mailbox, GError **error)
{
    GError *failure = NULL;
    char *key = pgp_find_recipient(mailbox->address, &failure);
    g_autofree char *shown = text_address(mailbox->address);
    if (key)
        return key;
    name_search(config, mailbox->address, failure);
    blame(shown, failure, error);
    return NULL;
}

/* There is no key that could be used, in distinction to a key that has a fault. */
static gboolean has_no_key(const GError *failure)
{
    const char *rule = postern_error_rule(failure);
    return g_strcmp0(rule, "key.missing") == 0 || g_strcmp0(rule, "key.untrusted") == 0;
}

/* FALSE for a key with a fault; *MISSING gets the first of those who have none. */
static gboolean find_keys(const Config *config, const GPtrArray *mailboxes, GPtrArray *keys,
                          GError **missing, GError **error)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        GError *failure = NULL;
        char *key = find_key(config, mailboxes->pdata[i], &failure);
        if (key == NULL && !has_no_key(failure)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        if (key)
            g_ptr_array_add(keys, key);
        else if (*missing == NULL)
            *missing = failure;
        else
            g_error_free(failure);
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
    return pgp_check_encrypt(account->key, NULL, &failure) || blame("your own key", failure, error);
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

/* Of everybody, so that nobody's fault hides behind a recipient who merely has no key. */
static gboolean find_all_keys(const Config *config, const Letter *letter, const Keys *keys,
                              GError **missing, GError **error)
{
    return find_keys(config, letter->to, keys->seen, missing, error) &&
           find_keys(config, letter->cc, keys->seen, missing, error) &&
           find_keys(config, letter->bcc, keys->hidden, missing, error);
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

/* What demands that a letter is encrypted, whatever the user wishes. */
typedef struct {
    const char *outsider; /* a recipient, or NULL */
    const char *mark;     /* the letter's Sensitivity, or NULL */
    Verdict verdict;      /* of the rules for sensitive mail */
    const char *because;  /* see Wishes */
} Demands;

static void demands_clear(Demands *demands)
{
    verdict_clear(&demands->verdict);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Demands, demands_clear)

static gboolean demands_any(const Demands *demands)
{
    return demands->outsider || demands->mark || demands->because || demands->verdict.sensitive;
}

static char *demands_words(const Demands *demands)
{
    g_autofree char *shown = demands->outsider ? text_address(demands->outsider) : NULL;
    g_autofree char *rule = demands->verdict.rule ? text_field(demands->verdict.rule) : NULL;
    if (shown)
        return g_strdup_printf("it leaves the company, to %s", shown);
    if (demands->mark)
        return g_strdup_printf("it is marked as %s", demands->mark);
    if (demands->because)
        return g_strdup(demands->because);
    return g_strdup_printf("it fits the rule \"%s\" for sensitive mail, %s", rule,
                           demands->verdict.why);
}

static GBytes *in_clear(const Letter *letter, const LetterIdentity *identity, GError **error)
{
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_NONE, error);
    return entity ? compose_message(letter, identity, entity, FALSE) : NULL;
}

/* Holds the letter, as it would go in clear, against the rules for sensitive mail. */
static gboolean judge(const GPtrArray *rules, const Account *account, const Letter *letter,
                      const LetterIdentity *identity, Verdict *verdict, GError **error)
{
    g_autoptr(GBytes) whole = in_clear(letter, identity, error);
    if (whole == NULL)
        return FALSE;
    gsize size = g_bytes_get_size(whole);
    const JudgedPlace place = {.account = account->name, .size = size};
    g_autoptr(GBytes) head = g_bytes_new_from_bytes(whole, 0, MIN(size, LIMIT_JUDGED_BYTES));
    sensitive_judge(rules, &place, head, verdict);
    return TRUE;
}

static gboolean find_demands(const Config *config, const Account *account, const Letter *letter,
                             const LetterIdentity *identity, Demands *demands, GError **error)
{
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    address_gather(letter->to, recipients);
    address_gather(letter->cc, recipients);
    address_gather(letter->bcc, recipients);
    if (!outgoing_vet(&config->company, recipients, &demands->outsider, error))
        return FALSE;
    demands->mark = letter->sensitivity;
    return config->sensitive->len == 0 ||
           judge(config->sensitive, account, letter, identity, &demands->verdict, error);
}

/* --no-encrypt. */
static gboolean allow_clear(const Demands *demands, GError **error)
{
    if (!demands_any(demands))
        return TRUE;
    g_autofree char *why = demands_words(demands);
    return refuse(error, POSTERN_ERROR_POLICY,
                  demands->outsider ? "send.encrypt" : "send.sensitive", "leave --no-encrypt out",
                  "this letter must be encrypted: %s", why);
}

/* FAILURE, with why it matters or, where nobody demands encryption, with the way out. */
static gboolean give_up(GError *failure, const Demands *demands, Wish wish, GError **error)
{
    gboolean policy = postern_exit_code(failure) == POSTERN_ERROR_POLICY;
    if (policy && demands_any(demands)) {
        g_autofree char *why = demands_words(demands);
        g_autofree char *message = failure->message;
        failure->message = g_strdup_printf("%s; the letter must be encrypted: %s", message, why);
    } else if (policy && wish == WISH_AUTO) {
        g_autofree char *mend =
            g_strconcat(postern_error_mend(failure), "; or say --no-encrypt", NULL);
        postern_error_set_mend(failure, mend);
    }
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean decide_encryption(const Config *config, const Demands *demands,
                                  const Account *account, const Letter *letter, Wish wish,
                                  Protect *protect, GError **error)
{
    if (wish == WISH_NO)
        return allow_clear(demands, error);
    gboolean demanded = demands_any(demands) || wish == WISH_YES;
    if (wish == WISH_LEAST && !demanded)
        return TRUE;
    g_auto(Keys)
        keys = {g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
    g_autoptr(GError) missing = NULL;
    GError *failure = NULL;
    if (!find_all_keys(config, letter, &keys, &missing, &failure))
        return give_up(failure, demands, wish, error);
    if (missing && demanded)
        return give_up(g_steal_pointer(&missing), demands, wish, error);
    if (missing) {
        /* Inside the company: it goes as it is. */
        protect->in_clear = g_steal_pointer(&missing);
        return TRUE;
    }
    if (!check_own_key(account, &failure))
        return give_up(failure, demands, wish, error);
    take_keys(&keys, account, protect);
    return TRUE;
}

static gboolean decide_signature(const Account *account, const Wishes *wishes, Protect *protect,
                                 GError **error)
{
    const char *signer = account->sign_key ? account->sign_key : account->key;
    Wish sign = wishes->sign;
    GError *failure = NULL;
    if (wishes->unattended) {
        if (sign == WISH_AUTO && signer && pgp_has_secret(signer) && pgp_check_sign(signer, NULL))
            protect->signer = signer;
        return TRUE;
    }
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

/* How its sender's copy is to be sealed. */
static void note_sensitive(const Demands *demands, const Wishes *wishes, Protect *protect)
{
    const Verdict *verdict = &demands->verdict;
    protect->sensitive = verdict->sensitive || wishes->sensitive;
    protect->share = MIN(verdict->sensitive ? verdict->index : INDEX_FULL,
                         wishes->sensitive ? wishes->share : INDEX_FULL);
}

gboolean protect_decide(const Context *context, const Account *account, const Letter *letter,
                        const LetterIdentity *identity, const Wishes *wishes, Protect *protect,
                        GError **error)
{
    g_auto(Demands) demands = {.because = wishes->because};
    if (!find_demands(context->config, account, letter, identity, &demands, error) ||
        !decide_encryption(context->config, &demands, account, letter, wishes->encrypt, protect,
                           error) ||
        !decide_signature(account, wishes, protect, error)) {
        protect_clear(protect);
        return FALSE;
    }
    note_sensitive(&demands, wishes, protect);
    return TRUE;
}
