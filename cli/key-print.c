/* See key.h. */
#include <stdio.h>

#include "cli/json.h"
#include "cli/key.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"

char *key_spaced(const char *fingerprint)
{
    GString *spaced = g_string_new(NULL);
    for (gsize i = 0; fingerprint[i]; i++) {
        if (i > 0 && i % 4 == 0)
            g_string_append(spaced, i == 20 ? "  " : " ");
        g_string_append_c(spaced, fingerprint[i]);
    }
    return g_string_free(spaced, FALSE);
}

char *key_day(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    return time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("some day");
}

static char *life_of(const KeyInfo *key)
{
    if (key->state != KEY_FIT && key->state != KEY_EXPIRED)
        return g_strdup(key_state_name(key->state));
    if (key->expiry == 0)
        return g_strdup("never expires");
    g_autofree char *day = key_day(key->expiry);
    return g_strconcat(key->state == KEY_EXPIRED ? "expired " : "expires ", day, NULL);
}

void key_print(const KeyInfo *key)
{
    g_autofree char *life = life_of(key);
    const char *whose = key->secret ? "yours" : key->confirmed ? "confirmed" : "not confirmed";
    const char *use = key->signs && key->encrypts ? ", signs and encrypts"
                      : key->encrypts             ? ", encrypts"
                      : key->signs                ? ", signs"
                                                  : "";
    printf("%s  %s%s, %s\n", key->fingerprint, whose, use, life);
    for (guint i = 0; i < key->users->len; i++) {
        const KeyUser *user = key->users->pdata[i];
        g_autofree char *text = text_name(user->text);
        printf("    %s%s\n", text,
               user->revoked                                        ? " (revoked)"
               : key->confirmed && !key->secret && !user->confirmed ? " (not confirmed)"
                                                                    : "");
    }
}

static void users_json(JsonBuilder *builder, const GPtrArray *users)
{
    json_builder_set_member_name(builder, "user_ids");
    json_builder_begin_array(builder);
    for (guint i = 0; i < users->len; i++) {
        const KeyUser *user = users->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "user_id", user->text);
        json_string(builder, "address", user->address);
        json_bool(builder, "confirmed", user->confirmed);
        json_bool(builder, "revoked", user->revoked);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void key_json(JsonBuilder *builder, const KeyInfo *key)
{
    json_string(builder, "fingerprint", key->fingerprint);
    users_json(builder, key->users);
    json_string(builder, "algorithm", key->algorithm);
    json_time(builder, "created", key->created);
    json_time(builder, "expires", key->expiry);
    json_string(builder, "state", key_state_name(key->state));
    json_bool(builder, "encrypts", key->encrypts);
    json_bool(builder, "signs", key->signs);
    json_bool(builder, "private", key->secret);
    json_bool(builder, "confirmed", key->confirmed);
}

void keys_json(JsonBuilder *builder, const char *name, const GPtrArray *keys)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < keys->len; i++) {
        json_builder_begin_object(builder);
        key_json(builder, keys->pdata[i]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

const char *key_owner(const Context *context, gboolean secret, GError **error)
{
    const GPtrArray *accounts = context->config->accounts;
    const char *first = NULL;
    for (guint i = 0; i < accounts->len; i++) {
        const Account *account = accounts->pdata[i];
        if (account->key && (!secret || pgp_has_secret(account->key)))
            return account->key;
        first = first ? first : account->key;
    }
    if (first)
        refuse(error, POSTERN_ERROR_POLICY, "key.owner",
               "do it where your private key is, or insert the card that holds it",
               "the private half of your key %s is not here", first);
    else
        refuse(error, POSTERN_ERROR_POLICY, "key.owner",
               "add a key = FINGERPRINT line to the account", "no account names a key");
    return NULL;
}
