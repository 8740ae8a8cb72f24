/* See posting.h. */
#include "cli/posting.h"

#include "cli/delivery.h"
#include "config.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "crypto/keyfind.h"
#include "mime/address.h"
#include "mime/autocrypt.h"
#include "policy/outgoing.h"

/* --- who sends ----------------------------------------------------------------------------- */

/* Is LETTER from the one that is WRITTEN in the configuration? Then under that name, unless it says
 * one itself. */
static gboolean is_from(Letter *letter, const char *written)
{
    g_autoptr(Mailbox) own = address_parse(written, NULL);
    if (own == NULL || g_ascii_strcasecmp(own->address, letter->from->address) != 0)
        return FALSE;
    if (letter->from->name == NULL)
        letter->from->name = g_steal_pointer(&own->name);
    return TRUE;
}

gboolean posting_from(Letter *letter, const Account *account, const char *from, GError **error)
{
    if (!outgoing_value("--from", from ? from : account->address, error))
        return FALSE;
    letter->from = address_parse(from ? from : account->address, error);
    if (letter->from == NULL || from == NULL)
        return letter->from != NULL;
    gboolean ours = is_from(letter, account->address);
    for (guint i = 0; account->aliases[i] && !ours; i++)
        ours = is_from(letter, account->aliases[i]);
    g_autofree char *shown = text_address(letter->from->address);
    return ours || refuse(error, POSTERN_ERROR_POLICY, "send.from",
                          "use the account's address or add it to aliases",
                          "%s is not an address of account \"%s\"", shown, account->name);
}

const Account *posting_account(const Config *config, const char *from, GError **error)
{
    const Account *first = NULL;
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        if (account->submit == NULL)
            continue;
        g_autoptr(Letter) trial = letter_new();
        if (from && posting_from(trial, account, from, NULL))
            return account;
        first = first ? first : account;
    }
    if (first == NULL)
        refuse(error, POSTERN_ERROR_POLICY, "config.submit", "add a submit = smtps://… line",
               "no account can send");
    return first;
}

gboolean posting_counts(const Letter *letter, const char *mend, GError **error)
{
    guint count = letter->to->len + letter->cc->len + letter->bcc->len;
    return (count > 0 && count <= LIMIT_RECIPIENTS) ||
           refuse(error, count ? POSTERN_ERROR_INPUT : POSTERN_ERROR_USAGE, "send.recipients",
                  count ? "send it in several letters" : mend,
                  "a letter has 1 to %d recipients, not %u", LIMIT_RECIPIENTS, count);
}

/* --- sending -------------------------------------------------------------------------------- */

/* Who answers it may need the sender's key; one that cannot be had is no fault of the letter. */
static void carry_key(Letter *letter, const Config *config, const Account *account)
{
    g_autoptr(GBytes) key = config->autocrypt && account->key
                                ? keyfind_carried(account->key, letter->from->address)
                                : NULL;
    letter->autocrypt =
        key ? autocrypt_write(letter->from->address, key, config->autocrypt == AUTOCRYPT_MUTUAL)
            : NULL;
}

/* Does everybody who can open LETTER read the name of ADDRESS, who is not its sender? */
static gboolean is_seen(const Letter *letter, const char *address)
{
    const GPtrArray *to = letter->shown_to ? letter->shown_to : letter->to;
    const GPtrArray *cc = letter->shown_cc ? letter->shown_cc : letter->cc;
    return g_ascii_strcasecmp(letter->from->address, address) != 0 &&
           (address_among(to, address) || address_among(cc, address));
}

/* The recipients that an answer to all goes to, each once, with the keys that are encrypted to. */
static GHashTable *seen_keys(const Letter *letter, char **keys)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < letter->to->len + letter->cc->len; i++) {
        const Mailbox *mailbox =
            i < letter->to->len ? letter->to->pdata[i] : letter->cc->pdata[i - letter->to->len];
        if (is_seen(letter, mailbox->address))
            g_hash_table_insert(seen, g_ascii_strdown(mailbox->address, -1), keys[i]);
    }
    return seen;
}

/* Who answers to all needs the keys of the others. Where there is but one that is named, there are
 * no others, or hidden ones, and a key would tell of these. */
static void carry_gossip(Letter *letter, const Config *config, char **keys)
{
    g_autoptr(GHashTable) seen = config->autocrypt && keys ? seen_keys(letter, keys) : NULL;
    guint count = seen ? g_hash_table_size(seen) : 0;
    if (count < 2 || count > LIMIT_GOSSIP)
        return;
    GHashTableIter iter;
    gpointer address, fingerprint;
    letter->gossip = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &address, &fingerprint)) {
        g_autoptr(GBytes) key = keyfind_carried(fingerprint, address);
        char *field = key ? autocrypt_write(address, key, FALSE) : NULL;
        if (field)
            g_ptr_array_add(letter->gossip, field);
    }
}

/* Where nobody can be asked for its passphrase, a key that is locked does not sign. */
static GPtrArray *make_copies(const Posting *posting, const Account *account, const Letter *letter,
                              const LetterIdentity *identity, Protect *protect, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Notice notice = posting->notice;
    if (notice.when && notice.id[0] == '\0')
        (void)notice_name(&notice, identity->message_id);
    GPtrArray *copies = delivery_copies(account, letter, identity, protect, &notice, &failure);
    if (copies)
        return copies;
    if (!posting->wishes.unattended || protect->signer == NULL ||
        g_strcmp0(postern_error_rule(failure), "key.locked") != 0) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    protect->signer = NULL;
    return delivery_copies(account, letter, identity, protect, &notice, error);
}

/* The exit code, told already; or *error is set and nothing was tried. */
static int deliver(const Context *context, const Posting *posting, const Account *account,
                   const Letter *letter, const LetterIdentity *identity, Protect *protect,
                   GError **error)
{
    g_auto(Delivery) delivery = {0};
    g_autoptr(GPtrArray) copies = make_copies(posting, account, letter, identity, protect, error);
    gboolean leads = letter->to->len + letter->cc->len > 0;
    if (copies == NULL)
        return POSTERN_ERROR_INPUT;
    if (posting->dry_run) {
        delivery_print(context, letter, identity, protect, copies);
        return 0;
    }
    if (!delivery_run(context, account, copies, leads, posting->queue, !posting->wishes.unattended,
                      posting->draft, &delivery, error))
        return POSTERN_ERROR_STORE;
    delivery_tell(context, letter, identity, protect, &delivery);
    return postern_exit_code(delivery.failure);
}

int posting_run(const Context *context, const Account *account, Letter *letter,
                const Posting *posting, GError **error)
{
    g_autoptr(LetterIdentity) made = posting->identity ? NULL : letter_identity_new(letter);
    const LetterIdentity *identity = made ? made : posting->identity;
    Protect protect = {0};
    if (made && account->date == DATE_LOCAL)
        letter_identity_localize(made);
    if (made && account->user_agent)
        letter->user_agent = "Postern/" PACKAGE_VERSION;
    carry_key(letter, context->config, account);
    if (!protect_decide(context, account, letter, identity, &posting->wishes, &protect, error))
        return POSTERN_ERROR_INPUT;
    if (posting->fragile && protect.encrypt_to == NULL)
        protect.signer = NULL;
    carry_gossip(letter, context->config, protect.encrypt_to);
    gboolean wanted = posting->ask == NULL || posting->ask(posting->user, letter, &protect);
    int code = !wanted ? POSTING_NOT
                       : deliver(context, posting, account, letter, identity, &protect, error);
    protect_clear(&protect);
    return code;
}
