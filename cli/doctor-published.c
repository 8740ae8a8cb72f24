/* See doctor.h: what others find who look for one's key in the web key directory. */
#include "cli/doctor.h"
#include "core/text.h"
#include "crypto/keyfind.h"
#include "mime/compose.h"
#include "policy/wkd.h"

#define HOW                                                                                        \
    "ask who runs the company's web key directory to put this one there: postern key export %s"

/* The key that is found there, in words; NULL for the right one. */
static char *other_in(const GPtrArray *found, const char *fingerprint)
{
    const FoundKey *other = NULL;
    for (guint i = 0; i < found->len; i++) {
        const FoundKey *each = found->pdata[i];
        if (g_ascii_strcasecmp(each->key->fingerprint, fingerprint) == 0)
            return NULL;
        other = each;
    }
    return other ? g_strdup_printf("others find the key %s, and encrypt to that",
                                   other->key->fingerprint)
                 : g_strdup("what is published there is no key of the address");
}

static void judge(Doctor *doctor, const Account *account, const char *address, const char *subject)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *source = NULL, *mend = g_strdup_printf(HOW, account->key);
    g_autoptr(GBytes) data = keyfind_wkd(address, &source, &failure);
    g_autoptr(GPtrArray) found = data ? keyfind_sift(data, address, &failure) : NULL;
    g_autofree char *other = found ? other_in(found, account->key) : NULL;
    if (failure)
        doctor_row(doctor, RULE_KEY_PUBLISHED, FINDING_WARN, subject, failure->message, mend);
    else if (found == NULL)
        doctor_row(doctor, RULE_KEY_PUBLISHED, FINDING_WARN, subject,
                   "no key of this address is published", mend);
    else
        doctor_row(doctor, RULE_KEY_PUBLISHED, other ? FINDING_FAIL : FINDING_PASS, subject, other,
                   mend);
}

void doctor_published(Doctor *doctor)
{
    const Config *config = doctor->context->config;
    for (guint i = 0; i < config->accounts->len; i++) {
        const Account *account = config->accounts->pdata[i];
        g_autoptr(GError) failure = NULL;
        g_autoptr(Mailbox) own = account->address ? address_parse(account->address, NULL) : NULL;
        if (own == NULL || account->key == NULL)
            continue;
        g_autofree char *subject = text_address(own->address);
        if (wkd_vet(&config->company, own->address, &failure))
            judge(doctor, account, own->address, subject);
        else
            doctor_skip(doctor, RULE_KEY_PUBLISHED, subject, failure->message,
                        "let the company's domains be asked: wkd = company in [company]");
    }
}
