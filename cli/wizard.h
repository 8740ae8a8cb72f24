/*
 * wizard — asks for what no option of init gave. An answer that cannot be used is told at once and
 * asked for again.
 */
#pragma once

#include <glib.h>

/* Each given by an option, or NULL. */
typedef struct {
    char *account, *address, *login, *fetch, *submit, *domain, *ca_file, *key;
    gboolean generate;
    gboolean deaf; /* DNS did not answer: it is not asked again */
} Answers;

/*
 * Fills account, address, fetch, submit and domain. Of the servers it asks the DNS of the address's
 * domain first (net/discover.h): on a terminal what is found there is proposed, elsewhere it is
 * taken, and told; its errors are this function's then. 64 "usage" names the option that is
 * missing, where stdin is no terminal or comes to its end. What the options gave is judged
 * elsewhere.
 */
gboolean wizard_ask(Answers *answers, GError **error) G_GNUC_WARN_UNUSED_RESULT;
