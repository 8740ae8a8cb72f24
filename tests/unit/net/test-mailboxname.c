/* P8 91: mailbox names are data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/mailboxname.h"

static const struct {
    const char *name, *display;
} names[] = {
    {"INBOX", "INBOX"},
    {"Entw&APw-rfe", "Entwürfe"},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"},
    {"R&-D", "R&D"},
    {"&-&-", "&&"},
    {"&2D3eAA-", "😀"},
    {"../x", "../x"},
    /* Not clean: kept as they are. */
    {"a&b", "a&b"},
    {"a&", "a&"},
    {"&APw", "&APw"},
    {"&AA-", "&AA-"},
    {"&AGE-", "&AGE-"}, /* "a" has no business in base64 */
    {"&AAo-", "&AAo-"}, /* nor has a line end */
    {"&2D0-", "&2D0-"}, /* half a pair */
    {"&3gA-", "&3gA-"}, /* the other half */
    {"&2D0A,A-", "&2D0A,A-"},
    {"&APx-", "&APx-"},   /* bits left over */
    {"&APwA-", "&APwA-"}, /* a whole sextet left over */
    {"&AP/-", "&AP/-"},   /* "/" is "," here */
    {"&APw=-", "&APw=-"},
    {"\303\274ber", "über"},
    {"\374ber", "\357\277\275ber"},
    {"&APw-\374", "&APw-\357\277\275"},
};

static void p8_91_names_are_decoded_or_kept(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *display = mailbox_name_decode(names[i].name);
        assert_string_equal(display, names[i].display);
        assert_true(g_utf8_validate(display, -1, NULL));
    }
}

static void p8_91_names_that_would_end_a_command_are_not_sent(void **state)
{
    (void)state;
    assert_true(mailbox_name_sendable("INBOX"));
    assert_true(mailbox_name_sendable("../x \" \\ \303\274"));
    assert_false(mailbox_name_sendable(""));
    assert_false(mailbox_name_sendable("a\r\n9 DELETE INBOX"));
    assert_false(mailbox_name_sendable("a\nb"));
    assert_false(mailbox_name_sendable("a\rb"));
    assert_false(mailbox_name_sendable("\033[2J"));
    assert_false(mailbox_name_sendable("a\177"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_91_names_are_decoded_or_kept),
        cmocka_unit_test(p8_91_names_that_would_end_a_command_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
