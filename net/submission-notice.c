/* See submission-state.h: notices of delivery, RFC 3461. */
#include <string.h>

#include "net/submission-state.h"

/* RFC 3461, 5.1: of an ORCPT. */
#define ORIGINAL 500

static guint wanted(const LetterEnvelope *letter)
{
    return letter->notice ? letter->notice->when : 0;
}

/* Of the letter a notice brings the header alone: nothing comes back in clear that went so. */
char *submission_notice_mail(const LetterEnvelope *letter)
{
    if (!wanted(letter) || (wanted(letter) & NOTICE_NEVER))
        return g_strdup("");
    g_autofree char *id = notice_xtext(letter->notice->id);
    return g_strconcat(" RET=HDRS", *id ? " ENVID=" : "", id, NULL);
}

/* An address that is more than ASCII has another form there (RFC 6533), and ORCPT may be left to
 * the server, which takes the address of RCPT (RFC 3461, 5.2.1). */
char *submission_notice_rcpt(const LetterEnvelope *letter, const char *address)
{
    if (!wanted(letter))
        return g_strdup("");
    g_autofree char *words = notice_words(letter->notice, ",");
    g_autofree char *upper = g_ascii_strup(words, -1);
    g_autofree char *coded = notice_xtext(address);
    gboolean told = g_str_is_ascii(address) && strlen("rfc822;") + strlen(coded) <= ORIGINAL &&
                    !(wanted(letter) & NOTICE_NEVER);
    return g_strconcat(" NOTIFY=", upper, told ? " ORCPT=rfc822;" : "", told ? coded : "", NULL);
}
