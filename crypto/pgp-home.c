/* See pgp.h: where GnuPG's files lie. */
#include <sys/stat.h>

#include "crypto/pgp.h"

char *pgp_home(void)
{
    const char *named = g_getenv("GNUPGHOME");
    return named && *named ? g_strdup(named) : g_build_filename(g_get_home_dir(), ".gnupg", NULL);
}

/* Each has a file of its own there, which for a card says where to find it. No folder is one
 * without keys. */
gint64 pgp_secrets_stamp(void)
{
    g_autofree char *home = pgp_home();
    g_autofree char *dir = g_build_filename(home, "private-keys-v1.d", NULL);
    struct stat facts;
    return stat(dir, &facts) == 0
               ? facts.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + facts.st_mtim.tv_nsec
               : 1;
}
