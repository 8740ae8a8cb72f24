/* postern key rotate: what OpenPGP has sealed in the vault is sealed anew to another key. */
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/key.h"
#include "cli/setup.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "crypto/trial.h"
#include "store/vault-rewrap.h"
#include "store/vault-rotate.h"
#include "store/vault-single.h"

static void free_secret(gpointer data)
{
    RotatedSecret *secret = data;
    g_bytes_unref(secret->before);
    g_clear_pointer(&secret->now, g_bytes_unref);
    g_free(secret);
}

static gboolean same_key(const char *a, const char *b)
{
    return a && g_ascii_strcasecmp(a, b) == 0;
}

/* The login secret of ACCOUNT under the key TO. */
static gboolean add_secret(const Context *context, const Account *account, const char *to,
                           GPtrArray *secrets, GError **error)
{
    g_autoptr(GError) failure = NULL;
    GBytes *before = vault_get_secret(context->vault, context->match_key, account->name, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (before == NULL)
        return TRUE;
    RotatedSecret *secret = g_new0(RotatedSecret, 1);
    *secret = (RotatedSecret){.account = account->name, .before = before};
    g_ptr_array_add(secrets, secret);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(before, &size);
    g_autoptr(Secret) open = pgp_unwrap(bytes, size, error);
    char *keys[] = {(char *)to, NULL};
    secret->now = open ? pgp_wrap(keys, open, error) : NULL;
    return secret->now != NULL;
}

/* Those sealed to the key that goes; an account with another key keeps what it has. */
static GPtrArray *rotate_secrets(const Context *context, const char *from, const char *to,
                                 GError **error)
{
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(free_secret);
    const GPtrArray *accounts = context->config->accounts;
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        if ((same_key(account->key, from) || same_key(account->key, to)) &&
            !add_secret(context, account, to, secrets, error))
            return NULL;
    }
    return g_steal_pointer(&secrets);
}

static GBytes *wrap_private(const Context *context, const char *to, GError **error)
{
    g_auto(GStrv) keys = setup_wrap_keys(to, context->config);
    return pgp_wrap(keys, context->vault_key, error);
}

typedef struct {
    char **from, **to; /* the parts of the key that goes, and of the one that comes */
    char **keys;
    guint64 there; /* sealed to it by a change of keys that was interrupted */
} Single;

/* What is for another key than the one that goes stays with that. */
static GBytes *wrap_single(gpointer user, const guint8 *openpgp, gsize size, GError **error)
{
    Single *single = user;
    if (!pgp_is_for(openpgp, size, single->from)) {
        single->there += pgp_is_for(openpgp, size, single->to);
        return NULL;
    }
    g_autoptr(Secret) open = pgp_unwrap(openpgp, size, error);
    return open ? pgp_wrap(single->keys, open, error) : NULL;
}

/* One after another, and before the vault itself: who is interrupted has both keys still. */
static gboolean rotate_singles(const Context *context, const char *from, const char *to,
                               guint64 *anew, guint64 *left, GError **error)
{
    guint64 all;
    g_auto(GStrv) keys = setup_wrap_keys(to, context->config);
    g_auto(GStrv) from_parts = pgp_parts(from, error);
    g_auto(GStrv) to_parts = from_parts ? pgp_parts(to, error) : NULL;
    Single single = {from_parts, to_parts, keys, 0};
    if (to_parts == NULL || !vault_singles(context->vault, &all, error) ||
        !vault_rewrap_singles(context->vault, context->match_key, wrap_single, &single, anew,
                              error))
        return FALSE;
    *left = all - MIN(*anew + single.there, all);
    return TRUE;
}

static void tell_singles(const char *from, guint64 anew, guint64 left)
{
    g_autofree char *moved = text_count(anew, "sensitive message is", "sensitive messages are");
    g_autofree char *stayed = text_count(left, "sensitive message is", "sensitive messages are");
    if (anew > 0)
        printf("%s sealed to it too\n", moved);
    if (left > 0)
        printf("%s damaged, or sealed to other keys than %s, and as before\n", stayed, from);
}

static void tell(const Context *context, const char *from, const char *to, guint secrets,
                 guint lines, guint64 singles, guint64 left)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_string(builder, "from", from);
        json_string(builder, "to", to);
        json_int(builder, "secrets", secrets);
        json_int(builder, "lines", lines);
        json_int(builder, "singles", (gint64)singles);
        json_int(builder, "left", (gint64)left);
        json_builder_end_object(builder);
        output_json(builder);
    } else if (!context->quiet) {
        g_autofree char *count = text_count(secrets, "password", "passwords");
        g_autofree char *file = text_name(context->config_path);
        printf("the vault and %s are sealed to %s\n", count, to);
        tell_singles(from, singles, left);
        if (lines > 0)
            printf("%s names it now\n", file);
        if (!same_key(from, to))
            printf(
                "keep %s for as long as copies of the old vault or mail encrypted to it matter\n",
                from);
    }
}

static gboolean rotate(Context *context, const char *from, const char *to, GError **error)
{
    /* What the new key cannot open must not be sealed to it. */
    if (!trial_key(to, TRUE, error) || !context_meet(context, NEED_KEY, error))
        return FALSE;
    g_autoptr(GBytes) wrapped = wrap_private(context, to, error);
    g_autoptr(GPtrArray) secrets = wrapped ? rotate_secrets(context, from, to, error) : NULL;
    guint lines = 0;
    guint64 singles, left;
    if (secrets == NULL || !rotate_singles(context, from, to, &singles, &left, error) ||
        !vault_rotate(context->vault, context->match_key, wrapped, secrets, error) ||
        (!same_key(from, to) && !setup_replace_key(context->config_path, from, to, &lines, error)))
        return FALSE;
    tell(context, from, to, secrets->len, lines, singles, left);
    return TRUE;
}

int key_rotate(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    (void)words;
    if (!context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_MATCH, error))
        return 0;
    const char *from = key_owner(context, FALSE, error);
    g_autofree char *to = from == NULL ? NULL : pgp_find(flags->to ? flags->to : from, TRUE, error);
    if (to)
        rotate(context, from, to, error);
    return 0;
}
