/* See strength.h. */
#include "crypto/strength.h"

#include <pwquality.h>
#include <unistd.h>

#define SHORTEST 12
/* libpwquality rates from 0 to 100. Below this lie twelve letters that repeat or follow each other
 * on a keyboard; twelve of both cases and digits at random get 29. */
#define LOWEST_SCORE 20

/* cracklib complains on stderr when its dictionary is missing. */
#define DICTIONARY "/var/cache/cracklib/cracklib_dict"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(pwquality_settings_t, pwquality_free_settings)

static pwquality_settings_t *settings_new(void)
{
    pwquality_settings_t *settings = pwquality_default_settings();
    if (settings == NULL)
        g_error("out of memory for libpwquality");
    gboolean dictionary = access(DICTIONARY ".pwd", R_OK) == 0;
    (void)pwquality_set_int_value(settings, PWQ_SETTING_MIN_LENGTH, SHORTEST);
    (void)pwquality_set_int_value(settings, PWQ_SETTING_DICT_CHECK, dictionary);
    (void)pwquality_set_str_value(settings, PWQ_SETTING_DICT_PATH, DICTIONARY);
    return settings;
}

static const char *fault_of(int code)
{
    switch (code) {
    case PWQ_ERROR_MIN_LENGTH: return "is too short";
    case PWQ_ERROR_PALINDROME: return "reads the same backwards";
    case PWQ_ERROR_USER_CHECK: return "holds the login";
    case PWQ_ERROR_CRACKLIB_CHECK: return "is made of a word in the dictionary";
    case PWQ_ERROR_EMPTY_PASSWORD: return "is empty";
    default: return "is too simple";
    }
}

gboolean strength_judge(const Secret *secret, const char *user, char **why)
{
    g_autoptr(pwquality_settings_t) settings = settings_new();
    /* The detail that comes back may quote the password; without a place for it none is made. */
    int score = pwquality_check(settings, (const char *)secret_bytes(secret), NULL, user, NULL);
    if (score >= LOWEST_SCORE)
        return TRUE;
    *why = g_strdup(score < 0 ? fault_of(score) : "is too simple");
    return FALSE;
}
