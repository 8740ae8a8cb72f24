/* See keyfind.h. */
#include "crypto/keyfind.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "crypto/pgp-cert.h"
#include "crypto/pgp-internal.h"

#define LOOK_US (20 * 1000)
#define NOT_AGENT "DIRMNGR" /* without another home GPGME talks to it as to gpg-agent */

void found_key_free(FoundKey *found)
{
    if (found == NULL)
        return;
    g_bytes_unref(found->bytes);
    key_info_free(found->key);
    g_free(found);
}

/* --- what was found ------------------------------------------------------------------------- */

static void free_found(gpointer found)
{
    found_key_free(found);
}

static gboolean is_of(const KeyInfo *key, const char *address)
{
    for (guint i = 0; i < key->users->len; i++) {
        const KeyUser *user = key->users->pdata[i];
        if (user->address && g_ascii_strcasecmp(user->address, address) == 0 &&
            (!user->revoked || key->state == KEY_REVOKED))
            return TRUE;
    }
    return FALSE;
}

GPtrArray *keyfind_sift(GBytes *data, const char *address, GError **error)
{
    g_autoptr(GPtrArray) parts = pgp_cert_sift(data, address, error);
    if (parts == NULL)
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(free_found);
    for (guint i = 0; i < parts->len; i++) {
        /* One that gpg would not take is none. */
        g_autoptr(GPtrArray) keys = keyring_read(parts->pdata[i], NULL);
        if (keys == NULL || keys->len != 1 || !is_of(keys->pdata[0], address))
            continue;
        FoundKey *one = g_new0(FoundKey, 1);
        one->bytes = g_bytes_ref(parts->pdata[i]);
        one->key = g_ptr_array_steal_index(keys, 0);
        g_ptr_array_add(found, one);
    }
    return g_steal_pointer(&found);
}

GBytes *keyfind_carried(const char *fingerprint, const char *address)
{
    g_autoptr(GBytes) whole = keyring_export_fit(fingerprint, NULL);
    g_autoptr(GPtrArray) keys = whole ? pgp_cert_sift(whole, address, NULL) : NULL;
    return keys && keys->len == 1 ? g_bytes_ref(keys->pdata[0]) : NULL;
}

/* --- dirmngr -------------------------------------------------------------------------------- */

static gboolean no_dirmngr(GError **error, const char *why)
{
    return refuse(error, POSTERN_ERROR_POLICY, "openpgp.engine",
                  "install it (Debian: dirmngr), and see that 'gpgconf --launch dirmngr' works",
                  "GnuPG's dirmngr, which looks for keys, cannot be reached: %s", why);
}

static gboolean launch(GError **error)
{
    const char *gpgconf = gpgme_get_dirinfo("gpgconf-name");
    char *argv[] = {(char *)gpgconf, (char *)"--launch", (char *)"dirmngr", NULL};
    g_autoptr(GError) failure = NULL;
    if (gpgconf == NULL)
        return no_dirmngr(error, "there is no gpgconf");
    int status = 0;
    return (g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                         NULL, NULL, NULL, NULL, &status, &failure) &&
            g_spawn_check_wait_status(status, &failure)) ||
           no_dirmngr(error, failure->message);
}

typedef struct {
    PgpOutput output;
    char *source;
} Answer;

static gpgme_error_t take_data(void *user, const void *memory, size_t size)
{
    PgpOutput *output = &((Answer *)user)->output;
    output->overflowed |= size > output->limit - output->bytes->len;
    if (!output->overflowed)
        g_byte_array_append(output->bytes, memory, (guint)size);
    return output->overflowed ? gpgme_error(GPG_ERR_TOO_LARGE) : 0;
}

static gpgme_error_t take_status(void *user, const char *status, const char *words)
{
    Answer *answer = user;
    if (strcmp(status, "SOURCE") == 0 && g_utf8_validate(words, -1, NULL)) {
        g_free(answer->source);
        answer->source = g_strdup(words);
    }
    return 0;
}

/* What dirmngr says to COMMAND, or GPG_ERR_TIMEOUT. *REACHED: it was dirmngr that said it. */
static gpgme_error_t ask(gpgme_ctx_t context, const char *command, Answer *answer,
                         gboolean *reached)
{
    gint64 end = g_get_monotonic_time() + LIMIT_WKD_MS * G_TIME_SPAN_MILLISECOND;
    gpgme_error_t failure = gpgme_op_assuan_transact_start(context, command, take_data, answer,
                                                           NULL, NULL, take_status, answer);
    gpgme_error_t said = 0;
    *reached = !failure;
    if (failure)
        return failure;
    while (gpgme_wait_ext(context, &failure, &said, 0) == NULL && !failure) {
        if (g_get_monotonic_time() > end) {
            gpgme_cancel(context);
            return gpgme_error(GPG_ERR_TIMEOUT);
        }
        g_usleep(LOOK_US);
    }
    return failure ? failure : said;
}

/* --- the web key directory ------------------------------------------------------------------ */

static gboolean is_nothing(gpgme_error_t failure)
{
    gpgme_err_code_t code = gpgme_err_code(failure);
    return code == GPG_ERR_NO_DATA || code == GPG_ERR_NO_NAME || code == GPG_ERR_NOT_FOUND ||
           code == GPG_ERR_UNKNOWN_HOST;
}

static gboolean server_failed(gpgme_error_t failure, const char *server, GError **error)
{
    char reason[128];
    gpgme_strerror_r(failure, reason, sizeof reason);
    switch (gpgme_err_code(failure)) {
    case GPG_ERR_TIMEOUT:
    case GPG_ERR_ETIMEDOUT:
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
                      "%s does not answer in time", server);
    case GPG_ERR_ECONNREFUSED:
    case GPG_ERR_EHOSTUNREACH:
    case GPG_ERR_ENETUNREACH:
    case GPG_ERR_SERVER_FAILED:
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.unreachable",
                      "see that you are online, and try again", "%s cannot be asked: %s", server,
                      reason);
    case GPG_ERR_TOO_LARGE:
        return refuse(error, POSTERN_ERROR_PROTOCOL, "wkd.answer",
                      "ask the owner of the address for the key",
                      "%s answers with more than %d KiB", server, LIMIT_WKD_BYTES / 1024);
    default:
        return refuse(error, POSTERN_ERROR_PROTOCOL, "wkd.tls",
                      "its certificate must lead to an authority that this system trusts "
                      "(/etc/ssl/certs), and be for its name",
                      "%s cannot be trusted, or does not answer as it should: %s", server, reason);
    }
}

static gpgme_ctx_t line_to_dirmngr(GError **error)
{
    g_auto(gpgme_ctx_t) context = NULL;
    if (!pgp_start(error))
        return NULL;
    const char *socket = gpgme_get_dirinfo("dirmngr-socket");
    if (socket == NULL) {
        no_dirmngr(error, "GnuPG names no socket of it");
        return NULL;
    }
    if (!launch(error))
        return NULL;
    gpgme_error_t failure = gpgme_new(&context);
    if (!failure)
        failure = gpgme_set_protocol(context, GPGME_PROTOCOL_ASSUAN);
    if (!failure)
        failure = gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_ASSUAN, socket, NOT_AGENT);
    if (!failure)
        return g_steal_pointer(&context);
    pgp_refuse(error, failure, "reach dirmngr");
    return NULL;
}

GBytes *keyfind_wkd(const char *address, char **source, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Answer answer = {.output = {.bytes = bytes, .limit = LIMIT_WKD_BYTES}};
    g_autofree char *command = g_strdup_printf("WKD_GET -- %s", address);
    g_auto(gpgme_ctx_t) context = line_to_dirmngr(error);
    gboolean reached;
    *source = NULL;
    if (context == NULL)
        return NULL;
    gpgme_error_t failure = ask(context, command, &answer, &reached);
    g_autofree char *from = g_steal_pointer(&answer.source);
    g_autofree char *server = from ? text_name(from) : g_strdup("the web key directory");
    if (answer.output.overflowed)
        failure = gpgme_error(GPG_ERR_TOO_LARGE);
    if (!reached)
        no_dirmngr(error, gpgme_strerror(failure));
    else if (failure && !is_nothing(failure))
        server_failed(failure, server, error);
    if (failure || bytes->len == 0)
        return NULL;
    *source = g_steal_pointer(&from);
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}
