/* gnupg-home — throw-away GnuPG homes for tests, made by gnupg-home.sh, which names the keys. */
#pragma once

#include <glib.h>

typedef struct GnupgHome GnupgHome;

/* Makes the homes below /tmp and turns GNUPGHOME to "own". */
GnupgHome *gnupg_home_new(void);
/* Turns GNUPGHOME to the home called WHICH: "own", "others", or an empty one made on the way. */
void gnupg_home_use(const GnupgHome *home, const char *which);
/* Full fingerprint of the key called NAME. */
const char *gnupg_home_key(const GnupgHome *home, const char *name);
/* Where the home called WHICH lies. */
char *gnupg_home_path(const GnupgHome *home, const char *which);
/* From now on the agent of the home called WHICH is answered by pinentry.sh; else, and from the
 * second one on, nobody is asked. The agent forgets what it knows. */
void gnupg_home_answer(const GnupgHome *home, const char *which);
/* The same by PROGRAM. */
void gnupg_home_answer_by(const GnupgHome *home, const char *which, const char *program);
void gnupg_home_ask_nobody(const GnupgHome *home, const char *which);
/* Ends the agents and removes everything. */
void gnupg_home_free(GnupgHome *home);

/* For the tests of a file, as the set-up and tear-down of their group: one for all of them, and gpg
 * is found. */
extern GnupgHome *home;
int make_home(void **state);
int remove_home(void **state);
