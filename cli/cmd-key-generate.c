/* postern key generate: a new key of one's own. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/key.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "crypto/pgp.h"
#include "mime/compose.h"

#define DAY (24 * 60 * 60)
#define MOST_DAYS (50 * 366) /* OpenPGP counts 32 bits of seconds */

/* Of "2y", "18m", "90d" or "never", which is 0; or -1. */
static gint64 seconds_of(const char *text)
{
    guint64 number = 0;
    const char *unit = text;
    if (strcmp(text, "never") == 0)
        return 0;
    while (g_ascii_isdigit(*unit) && number <= MOST_DAYS)
        number = number * 10 + (guint64)(*unit++ - '0');
    guint64 days = strcmp(unit, "y") == 0   ? number * 365
                   : strcmp(unit, "m") == 0 ? number * 30
                   : strcmp(unit, "d") == 0 ? number
                                            : 0;
    return days > 0 && days <= MOST_DAYS ? (gint64)days * DAY : -1;
}

/* The one of the command line, else that of the first account. */
static char *user_id(Context *context, const char *given, GError **error)
{
    if (given == NULL) {
        if (!context_meet(context, NEED_CONFIG, error))
            return NULL;
        const GPtrArray *accounts = context->config->accounts;
        given = accounts->len > 0 ? ((const Account *)accounts->pdata[0])->address : NULL;
    }
    if (given == NULL) {
        refuse(error, POSTERN_ERROR_USAGE, "usage",
               "write 'postern key generate \"Name <address>\"'",
               "nothing says for whom the key is");
        return NULL;
    }
    g_autoptr(Mailbox) mailbox = address_parse(given, error);
    if (mailbox == NULL)
        return NULL;
    return mailbox->name ? g_strdup_printf("%s <%s>", mailbox->name, mailbox->address)
                         : g_strdup(mailbox->address);
}

static void tell(const Context *context, const KeyInfo *key)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        key_json(builder, key);
        json_builder_end_object(builder);
        output_json(builder);
        return;
    }
    key_print(key);
}

int key_generate(Context *context, const KeyFlags *flags, char *const *words, GError **error)
{
    gint64 seconds = flags->expire ? seconds_of(flags->expire) : PGP_KEY_SECONDS;
    if (seconds < 0) {
        unknown_value("--expire", flags->expire, "use 2y, 18m, 90d or never", error);
        return 0;
    }
    g_autofree char *user = user_id(context, words[0], error);
    /* Without a terminal nothing is asked; whoever scripts that is told what it means. */
    gboolean terminal = isatty(STDIN_FILENO);
    g_autofree char *fingerprint = user ? pgp_generate(user, terminal, seconds, error) : NULL;
    g_autoptr(KeyInfo) key = fingerprint ? keyring_one(fingerprint, error) : NULL;
    if (key == NULL)
        return 0;
    if (!terminal)
        output_note("the new key has no passphrase; give it one: gpg --change-passphrase %s",
                    fingerprint);
    tell(context, key);
    return 0;
}
