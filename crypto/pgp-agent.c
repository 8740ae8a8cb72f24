/* See pgp.h: who asks for passphrases. */
#include <string.h>
#include <unistd.h>

#include "crypto/pgp-internal.h"

/* gpg starts the agent for this look-up; GPGME's own line to the agent would not. */
static gboolean start_agent(GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return FALSE;
    gpgme_error_t failure = gpgme_op_keylist_start(context, "nobody@invalid", 1);
    if (!failure)
        failure = gpgme_op_keylist_end(context);
    return !failure || pgp_refuse(error, failure, "start");
}

gboolean pgp_agent_answers(GError **error)
{
    if (!start_agent(error))
        return FALSE;
    g_auto(gpgme_ctx_t) context = NULL;
    gpgme_error_t answer = 0, failure = gpgme_new(&context);
    if (!failure)
        failure = gpgme_set_protocol(context, GPGME_PROTOCOL_ASSUAN);
    if (!failure)
        failure = gpgme_op_assuan_transact_ext(context, "NOP", NULL, NULL, NULL, NULL, NULL, NULL,
                                               &answer);
    if (!failure)
        failure = answer;
    return !failure || pgp_refuse(error, failure, "reach gpg-agent");
}

static gboolean asks_nobody;

void pgp_ask_nobody(void)
{
    asks_nobody = TRUE;
}

gboolean pgp_may_ask(void)
{
    static const char *const ways[] = {"GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways) && !asks_nobody; i++) {
        const char *way = g_getenv(ways[i]);
        if (way && *way)
            return TRUE;
    }
    return !asks_nobody && (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO));
}

/* The program that TEXT, a gpg-agent.conf, names; the last one counts, as for the agent. */
static char *named_in(const char *text)
{
    char *program = NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(*line), " \t", 2);
        if (words[0] == NULL || words[1] == NULL || strcmp(words[0], "pinentry-program") != 0)
            continue;
        g_free(program);
        program = g_strdup(g_strstrip(words[1]));
    }
    return program;
}

/* gpgconf would tell, but it asks every part of GnuPG, and dirmngr then looks for Tor by TCP. */
char *pgp_pinentry(void)
{
    if (!pgp_start(NULL))
        return NULL;
    const char *home = gpgme_get_dirinfo("homedir"), *programs = gpgme_get_dirinfo("bindir");
    /* A part that is NULL ends a name; the file is not there then. */
    g_autofree char *path = g_build_filename(home, "gpg-agent.conf", NULL), *text = NULL;
    (void)g_file_get_contents(path, &text, NULL, NULL);
    g_autofree char *program = text ? named_in(text) : NULL;
    if (program == NULL)
        program = g_build_filename(programs, "pinentry", NULL);
    return access(program, X_OK) == 0 ? g_steal_pointer(&program) : NULL;
}
