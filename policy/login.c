/* See login.h. */
#include "policy/login.h"

#include <string.h>

static char *folded(const char *text, gsize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    g_autofree char *lower = g_utf8_casefold(valid, -1);
    return g_utf8_normalize(lower, -1, G_NORMALIZE_NFKC);
}

static gboolean same(const char *a, gsize a_length, const char *b, gsize b_length)
{
    g_autofree char *left = folded(a, a_length);
    g_autofree char *right = folded(b, b_length);
    return g_str_equal(left, right);
}

gboolean login_same(const char *a, const char *b)
{
    return same(a, strlen(a), b, strlen(b));
}

gboolean login_is_address(const char *login, const char *address)
{
    const char *at = strrchr(address, '@');
    return login_same(login, address) ||
           (at && same(login, strlen(login), address, (gsize)(at - address)));
}

guint password_shared(const Secret *const *passwords, guint n, guint which)
{
    guint found = n;
    for (guint i = n; i-- > 0;)
        if (i != which && passwords[i] && passwords[which] &&
            secret_equal(passwords[i], passwords[which]))
            found = i;
    return found;
}
