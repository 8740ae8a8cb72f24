/* See imap.h: every way in which a command can fail, as one GError. */
#include <string.h>

#include "core/error.h"
#include "net/imap.h"
#include "net/words.h"

#define RETRY "try again later"

gboolean imap_said_code(const ScanStatus *status, const char *code)
{
    gsize size = strlen(code);
    return status->words[0] == '[' && g_ascii_strncasecmp(status->words + 1, code, size) == 0 &&
           (status->words[size + 1] == ']' || status->words[size + 1] == ' ');
}

char *imap_words(const ScanStatus *status)
{
    return server_words(status->words, strlen(status->words));
}

gboolean imap_can(const Imap *imap, const char *capability)
{
    return g_hash_table_contains(imap->capabilities, capability);
}

void imap_break(Imap *imap, const GError *error)
{
    guard_break(imap->guard, g_error_copy(error));
}

gboolean imap_alive(Imap *imap, GError **error)
{
    const GError *fault = guard_error(imap->guard);
    if (fault && error)
        *error = g_error_copy(fault);
    return fault == NULL;
}

static gboolean break_off(Imap *imap, const char *rule, const char *fault, GError **error)
{
    g_autoptr(GError) broken = NULL;
    refuse(&broken, POSTERN_ERROR_PROTOCOL, rule,
           "tell the people who run the server; Postern has closed the connection", "%s", fault);
    imap_break(imap, broken);
    return imap_alive(imap, error);
}

gboolean imap_violation(Imap *imap, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *fault = g_strdup_vprintf(format, args);
    va_end(args);
    return break_off(imap, "server.protocol", fault, error);
}

gboolean imap_too_much(Imap *imap, const char *what, guint limit, GError **error)
{
    g_autofree char *fault = g_strdup_printf("the server has %s over the limit of %u", what, limit);
    return break_off(imap, "server.limit", fault, error);
}

/* RFC 5530: conditions that pass by themselves. */
static gboolean passes_by_itself(const ScanStatus *status)
{
    static const char *const codes[] = {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"};
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (imap_said_code(status, codes[i]))
            return TRUE;
    return FALSE;
}

static gboolean refused(const ScanStatus *status, const char *command, GError **error)
{
    g_autofree char *words = imap_words(status);
    if (passes_by_itself(status))
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy", RETRY,
                      "the server cannot do %s now: \"%s\"", command, words);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.refused",
                  "ask the people who run the server", "the server refuses %s: \"%s\"", command,
                  words);
}

static gboolean said_bye(const ScanStatus *bye, GError **error)
{
    g_autofree char *words = imap_words(bye);
    if (passes_by_itself(bye))
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy", RETRY,
                      "the server sends us away for now: \"%s\"", words);
    return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", RETRY,
                  "the server says good-bye: \"%s\"", words);
}

gboolean imap_fail(Imap *imap, int r, const char *command, GError **error)
{
    const ScanStatus *status = guard_scan_status(guard_scanner(imap->guard));
    const ScanStatus *bye = guard_scan_bye(guard_scanner(imap->guard));
    g_autoptr(GError) fault = NULL;
    /* A good-bye explains the end of the connection; any other fault explains itself. */
    if (bye->said == SAID_BYE &&
        !(guard_error(imap->guard) &&
          g_strcmp0(postern_error_rule(guard_error(imap->guard)), "server.closed") != 0)) {
        said_bye(bye, error);
        refuse(&fault, POSTERN_ERROR_UNREACHABLE, "server.closed", RETRY,
               "the server has said good-bye");
        imap_break(imap, fault);
        return FALSE;
    }
    if (!imap_alive(imap, error))
        return FALSE;
    if (status->said == SAID_NO && r != MAILIMAP_ERROR_PARSE)
        return refused(status, command, error);
    if (r == MAILIMAP_ERROR_MEMORY) {
        refuse(&fault, POSTERN_ERROR_TEMPORARY, "server.memory", RETRY,
               "there is not enough memory for the reply to %s", command);
        imap_break(imap, fault);
        return imap_alive(imap, error);
    }
    if (status->said == SAID_BAD) {
        g_autofree char *words = imap_words(status);
        return imap_violation(imap, error, "the server does not understand %s: \"%s\"", command,
                              words);
    }
    return imap_violation(imap, error, "the server's reply to %s is not IMAP (%d)", command, r);
}
