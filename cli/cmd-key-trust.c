/* postern key trust: the owner says that a key is whose it says it is. */
#include <stdio.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/key.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/text.h"

static gboolean is_fit(const KeyInfo *key, GError **error)
{
    g_autofree char *rule = g_strconcat("key.", key_state_name(key->state), NULL);
    return key->state == KEY_FIT ||
           refuse(error, POSTERN_ERROR_POLICY, rule, "get the key that its owner uses now",
                  "the key %s is %s", key->fingerprint, key_state_name(key->state));
}

/* On stderr, for stdout has the answer. */
static void show(const KeyInfo *key)
{
    g_autofree char *spaced = key_spaced(key->fingerprint);
    output_note("fingerprint: %s", spaced);
    for (guint i = 0; i < key->users->len; i++) {
        const KeyUser *user = key->users->pdata[i];
        g_autofree char *text = text_name(user->text);
        if (!user->revoked)
            output_note("user id:     %s", text);
    }
}

/* TRUE when the user says yes. */
static gboolean agreed(const KeyInfo *key, gboolean *yes, GError **error)
{
    g_autofree char *answer = NULL;
    if (!isatty(STDIN_FILENO))
        return refuse(error, POSTERN_ERROR_USAGE, "usage",
                      "compare the fingerprint with its owner, then say --yes",
                      "nobody can be asked whether %s is the right key", key->fingerprint);
    show(key);
    *yes = terminal_ask("Did its owner tell you this fingerprint? (yes or no)", "no", &answer) &&
           g_ascii_strcasecmp(answer, "yes") == 0;
    return TRUE;
}

/* Two confirmed keys of one address stop `send`: better told here. */
static void tell_others(const KeyInfo *key)
{
    for (guint i = 0; i < key->users->len; i++) {
        const KeyUser *user = key->users->pdata[i];
        g_autoptr(GPtrArray) keys = user->address ? keyring_list(user->address, NULL) : NULL;
        for (guint j = 0; keys && j < keys->len; j++) {
            const KeyInfo *other = keys->pdata[j];
            if (!other->confirmed || !other->encrypts ||
                g_str_equal(other->fingerprint, key->fingerprint))
                continue;
            g_autofree char *address = text_name(user->address);
            output_note("%s has another confirmed key, %s; delete the one that is not used any "
                        "more: gpg --delete-keys FINGERPRINT",
                        address, other->fingerprint);
        }
    }
}

static void tell(const Context *context, const KeyInfo *key, gboolean was)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        key_json(builder, key);
        json_bool(builder, "was_confirmed", was);
        json_builder_end_object(builder);
        output_json(builder);
    } else if (!context->quiet) {
        key_print(key);
        puts(was ? "was confirmed already" : "confirmed");
    }
    if (!context->quiet)
        tell_others(key);
}

int key_trust(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    g_autoptr(KeyInfo) key = keyring_one(words[0], error);
    if (key == NULL || !is_fit(key, error))
        return 0;
    if (key->confirmed) {
        tell(context, key, TRUE);
        return 0;
    }
    gboolean yes = flags->yes;
    const char *owner =
        context_meet(context, NEED_CONFIG, error) ? key_owner(context, TRUE, error) : NULL;
    if (owner == NULL || (!yes && !agreed(key, &yes, error)))
        return 0;
    if (!yes) {
        output_note("not confirmed");
        return POSTERN_ANSWER_NO;
    }
    if (!keyring_confirm(key->fingerprint, owner, error))
        return 0;
    g_autoptr(KeyInfo) now = keyring_one(key->fingerprint, error);
    if (now)
        tell(context, now, FALSE);
    return 0;
}
