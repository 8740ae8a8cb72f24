#include "core/letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_words_are_those_of_the_contract(void **state)
{
    (void)state;
    static const char *const statuses[] = {"good",        "bad",         "unknown-key",
                                           "expired-key", "revoked-key", "error"};
    static const char *const trusts[] = {"unknown", "seen", "confirmed", "own"};
    for (int i = 0; i < (int)G_N_ELEMENTS(statuses); i++)
        assert_string_equal(signature_status_name((SignatureStatus)i), statuses[i]);
    for (int i = 0; i < (int)G_N_ELEMENTS(trusts); i++)
        assert_string_equal(signer_trust_name((SignerTrust)i), trusts[i]);
}

/* The leak checker is the judge. */
static void letters_own_what_they_hold(void **state)
{
    (void)state;
    g_autoptr(IndexDoc) doc = index_doc_new();
    doc->subject = g_strdup("s");
    g_ptr_array_add(doc->references, g_strdup("r"));
    g_autoptr(Protection) protection = protection_new();
    Signature *signature = g_new0(Signature, 1);
    signature->fingerprint = g_strdup("f");
    g_ptr_array_add(protection->signatures, signature);
    Mailbox *mailbox = g_new0(Mailbox, 1);
    mailbox->address = g_strdup("a@b");
    mailbox_free(mailbox);
    mailbox_free(NULL);
    signature_free(NULL);
    index_doc_free(NULL);
    protection_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_those_of_the_contract),
        cmocka_unit_test(letters_own_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
