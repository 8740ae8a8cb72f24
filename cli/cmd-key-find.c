/* postern key find: keys of others, as they publish them or as their mail carries them. */
#include <stdio.h>

#include "cli/json.h"
#include "cli/key.h"
#include "cli/output.h"
#include "cli/reading.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/keyfind.h"
#include "mime/autocrypt.h"
#include "mime/compose.h"
#include "policy/wkd.h"
#include "store/index-heard.h"

/* One key that was found for an address, against what the keyring knows. */
typedef struct {
    FoundKey *found;
    KeyInfo *here;    /* the same as it lies in the keyring, or NULL */
    KeyInfo *other;   /* another one of the address there, a confirmed one first, or NULL */
    gboolean chosen;  /* OTHER is confirmed */
    char *source;     /* the web key directory; NULL: mail carried it */
    char *sayer;      /* whose mail, when it was not the address's own; else NULL */
    guint64 messages; /* how many of those, */
    gint64 last;      /* and when the last one was written */
    gint64 seen;      /* when the last mail of the address came, with the key or without */
    gboolean came_in; /* by --import */
} Candidate;

typedef struct {
    char *address;
    GPtrArray *candidates; /* Candidate * */
    gboolean ask;          /* its domain may be asked */
    GError *failure;
} Search;

static void candidate_free(gpointer data)
{
    Candidate *candidate = data;
    found_key_free(candidate->found);
    key_info_free(candidate->here);
    key_info_free(candidate->other);
    g_free(candidate->source);
    g_free(candidate->sayer);
    g_free(candidate);
}

static void search_free(gpointer data)
{
    Search *search = data;
    g_free(search->address);
    g_ptr_array_unref(search->candidates);
    g_clear_error(&search->failure);
    g_free(search);
}

/* --- against the keyring -------------------------------------------------------------------- */

static gboolean confirmed_for(const KeyInfo *key, const char *address)
{
    for (guint i = 0; key->confirmed && key->encrypts && i < key->users->len; i++) {
        const KeyUser *user = key->users->pdata[i];
        if (user->confirmed && user->address && g_ascii_strcasecmp(user->address, address) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean compare(Candidate *candidate, const char *address, GError **error)
{
    const char *fingerprint = candidate->found->key->fingerprint;
    g_autoptr(GPtrArray) same = keyring_list(fingerprint, error);
    g_autoptr(GPtrArray) known = same ? keyring_list(address, error) : NULL;
    if (known == NULL)
        return FALSE;
    if (same->len > 0)
        candidate->here = g_ptr_array_steal_index(same, 0);
    for (guint i = 0; i < known->len; i++) {
        KeyInfo *key = known->pdata[i];
        gboolean chosen = confirmed_for(key, address);
        if (g_str_equal(key->fingerprint, fingerprint) || !key->encrypts ||
            (candidate->other && !(chosen && !candidate->chosen)))
            continue;
        key_info_free(candidate->other);
        candidate->other = g_steal_pointer(&known->pdata[i]);
        candidate->chosen = chosen;
    }
    return TRUE;
}

static gboolean add(Search *search, GPtrArray *found, const char *source, GError **error)
{
    while (found->len > 0) {
        Candidate *candidate = g_new0(Candidate, 1);
        candidate->found = g_ptr_array_steal_index(found, 0);
        candidate->source = g_strdup(source);
        g_ptr_array_add(search->candidates, candidate);
        if (!compare(candidate, search->address, error))
            return FALSE;
    }
    return TRUE;
}

/* --- what mail carried ----------------------------------------------------------------------- */

/* What cannot be looked through is told, and stops nothing. */
static void open_mail(Context *context)
{
    g_autoptr(GError) failure = NULL;
    if (!context->config->autocrypt ||
        context_meet(context, NEED_VAULT | NEED_KEY | NEED_INDEX, &failure))
        return;
    g_autofree char *words = postern_error_words(failure);
    output_note("your mail is not looked through for keys: %s", words);
    g_clear_pointer(&context->index, index_close);
}

static gboolean is_among(const Search *search, const FoundKey *found)
{
    for (guint i = 0; i < search->candidates->len; i++)
        if (g_str_equal(((Candidate *)search->candidates->pdata[i])->found->key->fingerprint,
                        found->key->fingerprint))
            return TRUE;
    return FALSE;
}

/* What others say counts for nothing beside the same from the owner, or of one's OWN address. */
static void drop_gossip(const Search *search, GStrv own, GPtrArray *found)
{
    gboolean ours = FALSE;
    for (char **address = own; *address; address++)
        ours |= g_ascii_strcasecmp(*address, search->address) == 0;
    for (guint i = found->len; i > 0; i--)
        if (ours || is_among(search, found->pdata[i - 1]))
            g_ptr_array_remove_index(found, i - 1);
}

static gboolean look_in_mail(Index *index, Search *search, GStrv own, GError **error)
{
    gint64 seen = 0;
    g_autoptr(GPtrArray) all = index_heard(index, search->address, error);
    if (all && all->len > 0 && !index_last_seen(index, search->address, &seen, error))
        return FALSE;
    for (guint i = 0; all && i < all->len; i++) {
        const HeardKey *heard = all->pdata[i];
        /* Of what gpg would not take nothing is told. */
        g_autoptr(GPtrArray) found = keyfind_sift(heard->key, search->address, NULL);
        guint first = search->candidates->len;
        if (found && heard->sayer)
            drop_gossip(search, own, found);
        if (found && !add(search, found, NULL, error))
            return FALSE;
        for (guint j = first; j < search->candidates->len; j++) {
            Candidate *candidate = search->candidates->pdata[j];
            candidate->sayer = g_strdup(heard->sayer);
            candidate->messages = heard->messages;
            candidate->last = heard->last;
            candidate->seen = seen;
        }
    }
    return all != NULL;
}

/* --- taking it in --------------------------------------------------------------------------- */

/* A choice that was made is made anew only by who made it. */
static gboolean keeps_choice(const Candidate *candidate, const char *address, GError **error)
{
    if (!candidate->chosen)
        return TRUE;
    g_autofree char *shown = text_address(address);
    g_autofree char *mend =
        g_strdup_printf("ask its owner which one is in use; to change to the new one, delete the "
                        "other first: gpg --delete-keys %s",
                        candidate->other->fingerprint);
    return refuse(error, POSTERN_ERROR_POLICY, "key.changed", mend,
                  "%s has the confirmed key %s; %s is not taken in beside it", shown,
                  candidate->other->fingerprint, candidate->found->key->fingerprint);
}

static gboolean take(Candidate *candidate, const char *address, GError **error)
{
    KeyImport import;
    if (!candidate->found->key->encrypts)
        return TRUE;
    if (!keeps_choice(candidate, address, error) ||
        !keyring_import(candidate->found->bytes, &import, error))
        return FALSE;
    candidate->came_in = import.imported + import.changed > 0;
    key_info_free(candidate->here);
    candidate->here = keyring_one(candidate->found->key->fingerprint, error);
    return candidate->here != NULL;
}

/* What the domain publishes, else what the owner's last mail carried, else what others say. */
static gboolean take_best(Search *search, GError **error)
{
    Candidate *heard = NULL;
    gboolean published = FALSE;
    for (guint i = 0; i < search->candidates->len; i++) {
        Candidate *candidate = search->candidates->pdata[i];
        if (!candidate->found->key->encrypts)
            continue;
        if (candidate->source == NULL) {
            heard = heard ? heard : candidate;
            continue;
        }
        published = TRUE;
        if (!take(candidate, search->address, error))
            return FALSE;
    }
    return published || heard == NULL || take(heard, search->address, error);
}

/* --- telling -------------------------------------------------------------------------------- */

/* Of a key that mail carried, in the words of Autocrypt Level 1. */
static const char *recommendation(const Candidate *candidate)
{
    if (candidate->source)
        return NULL;
    if (candidate->sayer)
        return "discourage";
    return autocrypt_is_stale(candidate->last, candidate->seen) ? "discourage" : "available";
}

static void tell_json(JsonBuilder *builder, const Candidate *candidate)
{
    const KeyInfo *key = candidate->here ? candidate->here : candidate->found->key;
    json_builder_begin_object(builder);
    json_string(builder, "by",
                candidate->source  ? "wkd"
                : candidate->sayer ? "gossip"
                                   : "autocrypt");
    json_string(builder, "source", candidate->source ? candidate->source : candidate->sayer);
    json_int(builder, "messages", (gint64)candidate->messages);
    json_time(builder, "last", candidate->last);
    json_string(builder, "recommendation", recommendation(candidate));
    json_bool(builder, "in_keyring", candidate->here != NULL);
    json_bool(builder, "imported", candidate->came_in);
    json_string(builder, "differs_from", candidate->other ? candidate->other->fingerprint : NULL);
    json_builder_set_member_name(builder, "key");
    json_builder_begin_object(builder);
    key_json(builder, key);
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void tell_all_json(const GPtrArray *searches)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < searches->len; i++) {
        const Search *search = searches->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "address", search->address);
        json_builder_set_member_name(builder, "found");
        json_builder_begin_array(builder);
        for (guint j = 0; j < search->candidates->len; j++)
            tell_json(builder, search->candidates->pdata[j]);
        json_builder_end_array(builder);
        if (search->failure)
            json_failure(builder, search->failure);
        else
            json_string(builder, "error", NULL);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    output_json(builder);
}

/* One that is there already, and that nobody has confirmed either. */
static void tell_rival(const Candidate *candidate)
{
    if (candidate->other && !candidate->chosen)
        printf("    your keyring has another one of the same address, %s, that is not confirmed "
               "either\n",
               candidate->other->fingerprint);
}

static void tell_way(const Candidate *candidate, const char *address)
{
    const KeyInfo *key = candidate->found->key;
    g_autofree char *word = text_word(address);
    if (candidate->chosen)
        printf("    not the key %s, which you have confirmed and which stays in use: ask its owner "
               "which one is right\n",
               candidate->other->fingerprint);
    else if (candidate->here && confirmed_for(candidate->here, address))
        puts("    the key that you have confirmed");
    else if (!key->encrypts)
        puts("    of no use to write to its owner");
    else if (candidate->here)
        printf("    not confirmed yet: compare the fingerprint with its owner, then 'postern key "
               "trust %s'\n",
               key->fingerprint);
    else
        printf("    not in your keyring yet: 'postern key find --import %s' takes it in; compare "
               "the fingerprint with its owner, then 'postern key trust %s'\n",
               word, key->fingerprint);
}

static void tell_carried(const Candidate *candidate, const char *algorithm)
{
    g_autofree char *count = text_count(candidate->messages, "message", "messages");
    g_autofree char *day = key_day(candidate->last);
    printf("    %s; came with %s, the last one of %s, as anybody may write them\n", algorithm,
           count, day);
    if (autocrypt_is_stale(candidate->last, candidate->seen)) {
        g_autofree char *since = key_day(candidate->seen);
        printf("    later mail, the last of %s, came without it: it may be in use no more\n",
               since);
    }
}

/* DIFFERS: the owner's own mail carried another one. */
static void tell_gossip(const Candidate *candidate, const char *address, const char *algorithm,
                        gboolean differs)
{
    g_autofree char *count =
        text_count(candidate->messages, "encrypted message", "encrypted messages");
    g_autofree char *day = key_day(candidate->last);
    g_autofree char *sayer = text_address(candidate->sayer);
    g_autofree char *owner = text_address(address);
    printf("    %s; %s says that it is the key of %s; in %s, the last one of %s, as anybody may "
           "write them\n",
           algorithm, sayer, owner, count, day);
    if (differs)
        printf("    not a key that came with mail of %s: ask which one is in use\n", owner);
}

static void tell(const Search *search, const Candidate *candidate)
{
    const char *address = search->address;
    const Candidate *first = search->candidates->pdata[0];
    const KeyInfo *key = candidate->here ? candidate->here : candidate->found->key;
    key_print(key);
    if (candidate->source) {
        g_autofree char *source = text_name(candidate->source);
        printf("    %s; published by %s\n", key->algorithm, source);
    } else if (candidate->sayer)
        tell_gossip(candidate, address, key->algorithm, first->sayer == NULL);
    else
        tell_carried(candidate, key->algorithm);
    tell_rival(candidate);
    tell_way(candidate, address);
}

static void tell_all(const GPtrArray *searches)
{
    for (guint i = 0; i < searches->len; i++) {
        const Search *search = searches->pdata[i];
        for (guint j = 0; j < search->candidates->len; j++)
            tell(search, search->candidates->pdata[j]);
    }
}

/* What went wrong, and of whom nothing was found, on stderr. */
static int tell_failures(const Context *context, const GPtrArray *searches)
{
    int code = 0;
    for (guint i = 0; i < searches->len; i++) {
        const Search *search = searches->pdata[i];
        g_autofree char *shown = text_address(search->address);
        if (search->failure) {
            g_autofree char *words = postern_error_words(search->failure);
            output_note("%s: %s", shown, words);
            code = postern_worse(code, postern_exit_code(search->failure));
        } else if (search->candidates->len == 0) {
            if (!context->quiet)
                output_note("no key of %s is published, and none came with mail", shown);
            code = postern_worse(code, POSTERN_ANSWER_NO);
        }
    }
    return code;
}

/* --- the search ------------------------------------------------------------------------------ */

static gboolean ask_domain(Search *search, GError **error)
{
    g_autofree char *source = NULL;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) data = keyfind_wkd(search->address, &source, &failure);
    g_autoptr(GPtrArray) found = data ? keyfind_sift(data, search->address, &failure) : NULL;
    if (found)
        return add(search, found, source, error);
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return failure == NULL && data == NULL;
}

static Search *search_new(const char *address)
{
    Search *search = g_new0(Search, 1);
    search->address = g_strdup(address);
    search->candidates = g_ptr_array_new_with_free_func(candidate_free);
    return search;
}

/* In the mail that is here; and may the domain be asked? It need not be when mail had a key. */
static gboolean prepare(const Context *context, Search *search, GError **error)
{
    g_auto(GStrv) own = own_addresses(context->config);
    if (context->index && !look_in_mail(context->index, search, own, error))
        return FALSE;
    search->ask = wkd_vet(&context->config->company, search->address,
                          search->candidates->len > 0 ? NULL : error);
    return search->ask || search->candidates->len > 0;
}

/* All of them are looked at before anybody is asked. */
static GPtrArray *searches_of(Context *context, char *const *words, GError **error)
{
    g_autoptr(GPtrArray) searches = g_ptr_array_new_with_free_func(search_free);
    for (; *words; words++) {
        g_autoptr(Mailbox) mailbox = address_parse(*words, error);
        if (mailbox == NULL)
            return NULL;
        g_ptr_array_add(searches, search_new(mailbox->address));
    }
    open_mail(context);
    for (guint i = 0; i < searches->len; i++)
        if (!prepare(context, searches->pdata[i], error))
            return NULL;
    return g_steal_pointer(&searches);
}

int key_find(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    g_autoptr(GPtrArray) searches =
        context_meet(context, NEED_CONFIG, error) ? searches_of(context, words, error) : NULL;
    if (searches == NULL)
        return 0;
    for (guint i = 0; i < searches->len; i++) {
        Search *search = searches->pdata[i];
        if ((!search->ask || ask_domain(search, &search->failure)) && flags->import)
            (void)take_best(search, &search->failure);
    }
    if (context->json)
        tell_all_json(searches);
    else if (!context->quiet)
        tell_all(searches);
    return tell_failures(context, searches);
}
