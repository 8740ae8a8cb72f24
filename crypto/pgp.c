/* See pgp.h and pgp-internal.h. */
#include <errno.h>
#include <locale.h>

#include "crypto/pgp-internal.h"

gboolean pgp_start(GError **error)
{
    if (gpgme_check_version("1.18.0") == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "openpgp.engine", "install libgpgme 1.18",
                      "the GPGME library is too old");
    gpgme_set_locale(NULL, LC_CTYPE, setlocale(LC_CTYPE, NULL));
    gpgme_set_locale(NULL, LC_MESSAGES, setlocale(LC_MESSAGES, NULL));
    gpgme_error_t failure = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
    return !failure || pgp_refuse(error, failure, "start");
}

/* What a user's gpg.conf may say otherwise, but must not decide here. */
static const char *const flags[][2] = {
    {"auto-key-retrieve", "0"}, /* a signature must not make us call its sender's server */
    {"auto-key-import", "0"},   {"auto-key-locate", "local"},
    {"trust-model", "pgp"}, /* "always" would turn every key into a confirmed one */
    {"no-symkey-cache", "1"},
};

gpgme_ctx_t pgp_context(GError **error)
{
    g_auto(gpgme_ctx_t) context = NULL;
    if (!pgp_start(error))
        return NULL;
    gpgme_error_t failure = gpgme_new(&context);
    if (!failure)
        failure = gpgme_set_protocol(context, GPGME_PROTOCOL_OpenPGP);
    for (gsize i = 0; !failure && i < G_N_ELEMENTS(flags); i++)
        failure = gpgme_set_ctx_flag(context, flags[i][0], flags[i][1]);
    if (!failure && !pgp_may_ask())
        failure = gpgme_set_pinentry_mode(context, GPGME_PINENTRY_MODE_CANCEL);
    if (failure) {
        pgp_refuse(error, failure, "start");
        return NULL;
    }
    gpgme_set_offline(context, 1);
    gpgme_set_armor(context, 0);
    gpgme_set_textmode(context, 0);
    return g_steal_pointer(&context);
}

typedef struct {
    PosternError kind;
    const char *rule, *mend;
} Meaning;

static Meaning meaning_of(gpgme_error_t failure)
{
    switch (gpgme_err_code(failure)) {
    case GPG_ERR_NO_SECKEY:
        return (Meaning){POSTERN_ERROR_POLICY, "key.missing",
                         "import the private key, or insert the card that holds it"};
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
    case GPG_ERR_TIMEOUT:
    case GPG_ERR_BAD_PASSPHRASE:
    case GPG_ERR_NO_PASSPHRASE:
    case GPG_ERR_NO_PIN_ENTRY:
    case GPG_ERR_NO_AGENT:
    case GPG_ERR_AGENT:
    case GPG_ERR_BAD_PIN:
    case GPG_ERR_PIN_BLOCKED:
    case GPG_ERR_CARD:
    case GPG_ERR_CARD_NOT_PRESENT:
    case GPG_ERR_CARD_REMOVED:
    case GPG_ERR_CARD_RESET:
    case GPG_ERR_ENOTTY:
    case GPG_ERR_ENXIO:
    case GPG_ERR_ENODEV:
    case GPG_ERR_EPIPE:
    case GPG_ERR_EOF:
        return (Meaning){
            POSTERN_ERROR_TEMPORARY, "key.locked",
            "let gpg ask for the passphrase (on a terminal with GPG_TTY=$(tty), or by a "
            "graphical pinentry), then try again"};
    case GPG_ERR_INV_ENGINE:
    case GPG_ERR_UNSUPPORTED_PROTOCOL:
    case GPG_ERR_EACCES:
    case GPG_ERR_EPERM:
    case GPG_ERR_EROFS:
    case GPG_ERR_ENOSPC:
    case GPG_ERR_ENOTDIR:
    case GPG_ERR_ENOENT:
    case GPG_ERR_NOT_OPERATIONAL:
    case GPG_ERR_ENGINE_TOO_OLD:
    case GPG_ERR_ENOMEM:
        return (Meaning){POSTERN_ERROR_POLICY, "openpgp.engine",
                         "install GnuPG, and see that 'gpg --list-keys' works"};
    case GPG_ERR_UNUSABLE_PUBKEY:
    case GPG_ERR_UNUSABLE_SECKEY:
    case GPG_ERR_INV_VALUE:
        return (Meaning){POSTERN_ERROR_POLICY, "key.unusable",
                         "look at the key with 'gpg --list-keys --with-subkey-fingerprints'"};
    default:
        return (Meaning){POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to send it again"};
    }
}

gboolean pgp_refuse(GError **error, gpgme_error_t failure, const char *doing)
{
    char reason[128];
    gpgme_strerror_r(failure, reason, sizeof reason);
    Meaning meaning = meaning_of(failure);
    /* Without a terminal gpg-agent says "Inappropriate ioctl for device", or the like, and that it
     * was cancelled where we told it to ask nobody. */
    if (meaning.kind == POSTERN_ERROR_TEMPORARY &&
        (gpgme_err_code(failure) & GPG_ERR_SYSTEM_ERROR || !pgp_may_ask()))
        return refuse(error, meaning.kind, meaning.rule, meaning.mend,
                      "OpenPGP cannot %s: nobody could be asked for the passphrase (%s)", doing,
                      reason);
    return refuse(error, meaning.kind, meaning.rule, meaning.mend, "OpenPGP cannot %s: %s", doing,
                  reason);
}

/* --- data ---------------------------------------------------------------------------------- */

gpgme_data_t pgp_input(const void *memory, gsize size)
{
    gpgme_data_t data = NULL;
    if (gpgme_data_new_from_mem(&data, size > 0 ? memory : "", size, 0))
        g_error("out of memory for OpenPGP data");
    /* The library's own buffer then is wiped too. */
    gpgme_data_set_flag(data, "sensitive", "1");
    return data;
}

static ssize_t collect(void *user, const void *memory, size_t size)
{
    PgpOutput *output = user;
    if (size > output->limit - output->bytes->len) {
        output->overflowed = TRUE;
        errno = EFBIG;
        return -1;
    }
    g_byte_array_append(output->bytes, memory, (guint)size);
    return (ssize_t)size;
}

gpgme_data_t pgp_output(PgpOutput *output)
{
    static struct gpgme_data_cbs collecting = {.write = collect};
    gpgme_data_t data = NULL;
    if (gpgme_data_new_from_cbs(&data, &collecting, output))
        g_error("out of memory for OpenPGP data");
    gpgme_data_set_flag(data, "sensitive", "1");
    return data;
}
