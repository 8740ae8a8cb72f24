/*
 * error — how Postern fails.
 *
 * Every failure is a GError of the domain POSTERN_ERROR. Its code is the *kind* of
 * failure and at the same time the process's exit code (sysexits), so there is one
 * map and nothing to keep in step. The message is one sentence that names what was
 * refused; the rule and the mend travel beside it and are printed by cli/ and
 * fetchd/main.c alone. Nothing below those two prints.
 */
#pragma once

#include <glib.h>

#define POSTERN_ERROR (postern_error_quark())
GQuark postern_error_quark(void);

typedef enum {
    POSTERN_ANSWER_NO = 1,          /* done, but the answer is "no" */
    POSTERN_ERROR_USAGE = 64,       /* wrong options or arguments */
    POSTERN_ERROR_INPUT = 65,       /* unusable message, query or address */
    POSTERN_ERROR_UNREACHABLE = 69, /* DNS found nothing, TCP was refused */
    POSTERN_ERROR_BUG = 70,         /* ours */
    POSTERN_ERROR_CREATE = 73,      /* the store cannot be created */
    POSTERN_ERROR_STORE = 74,       /* the store cannot be read or written */
    POSTERN_ERROR_TEMPORARY = 75,   /* try again: timeout, 4yz, lock held, key locked */
    POSTERN_ERROR_PROTOCOL = 76,    /* the server broke protocol or TLS */
    POSTERN_ERROR_LOGIN = 77,       /* the server refused the login */
    POSTERN_ERROR_POLICY = 78,      /* configuration or policy refuses */
} PosternError;

/*
 * Sets *error (when error is not NULL). RULE is the rule's dotted name as doctor prints
 * it, e.g. "transport.port"; MEND says what to do about it and may be NULL; FORMAT
 * makes the sentence, without full stop. Values from outside must go through text_field()
 * first. Always returns FALSE, so that a caller may end with "return refuse(…)".
 */
gboolean refuse(GError **error, PosternError kind, const char *rule, const char *mend,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The rule or mend of an error made by refuse(), else NULL. Owned by the error. */
const char *postern_error_rule(const GError *error);
const char *postern_error_mend(const GError *error);
/* Is its rule one of RULES (NULL at the end)? FALSE for no error. */
gboolean postern_error_among(const GError *error, const char *const *rules);

/* Another mend in the place of the one that refuse() was given, from whom knows more: the account's
 * name, say. Errors that refuse() did not make stay as they are. */
void postern_error_set_mend(GError *error, const char *mend);

/* The whole in words, one line: "sentence (rule): what to do". The caller's (g_free). */
char *postern_error_words(const GError *error);

/* Exit code for an error; a foreign domain (a GIO error, say) counts as 70. NULL is 0. */
int postern_exit_code(const GError *error);

/* The worse of two exit codes, in the order 78 77 76 70 74 73 69 75 65 64 1 0. */
int postern_worse(int a, int b);
