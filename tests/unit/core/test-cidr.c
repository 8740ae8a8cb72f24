/* Networks: what is one, and what lies in it, beside GInetAddressMask. */
#include <arpa/inet.h>
#include <gio/gio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cidr.h"

static void only_one_spelling_is_a_network(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "/",
        "/8",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.1.0.0/8",
        "010.0.0.0/8",
        "0x0a.0.0.0/8",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.0/-1",
        "10.0.0.0/4294967304",
        "::/129",
        ":::/8",
        "2001:db8::1/32",
        "fe80::%lo/64",
        "1.2.3.4.5/32",
        "example.com/8",
        "::ffff:010.0.0.0/104",
    };
    static const struct {
        const char *text, *written;
    } right[] = {
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"10.1.2.3/32", "10.1.2.3/32"},
        {"10.128.0.0/9", "10.128.0.0/9"},
        {"::/0", "::/0"},
        {"::1/128", "::1/128"},
        {"2001:DB8:0::/32", "2001:db8::/32"},
        {"::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"},
    };
    Cidr cidr;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        if (cidr_parse(wrong[i], &cidr))
            fail_msg("\"%s\" is none", wrong[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(right); i++) {
        assert_true(cidr_parse(right[i].text, &cidr));
        g_autofree char *written = cidr_text(&cidr);
        assert_string_equal(written, right[i].written);
        assert_true(cidr_parse(written, &cidr));
    }
}

/* A network of few bits, so that chance finds addresses within. */
static char *some_network(GRand *rand, gboolean six)
{
    guint8 bytes[16] = {0};
    char address[INET6_ADDRSTRLEN];
    guint length = (guint)g_rand_int_range(rand, 0, six ? 129 : 33);
    for (guint n = 0; n < length; n++)
        if (g_rand_int_range(rand, 0, 8) == 0)
            bytes[n / 8] |= (guint8)(0x80 >> n % 8);
    inet_ntop(six ? AF_INET6 : AF_INET, bytes, address, sizeof address);
    return g_strdup_printf("%s/%u", address, length);
}

/* The start of NETWORK with one bit turned, or none. */
static GInetAddress *some_address(GRand *rand, GInetAddressMask *network)
{
    GInetAddress *start = g_inet_address_mask_get_address(network);
    guint8 bytes[16];
    gsize size = g_inet_address_get_native_size(start);
    memcpy(bytes, g_inet_address_to_bytes(start), size);
    guint n = (guint)g_rand_int_range(rand, 0, (gint32)(size * 8) + 1);
    if (n < size * 8)
        bytes[n / 8] ^= (guint8)(0x80 >> n % 8);
    return g_inet_address_new_from_bytes(bytes, g_inet_address_get_family(start));
}

static void agrees_with_glib(void **state)
{
    (void)state;
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    guint inside = 0, contained = 0;
    for (guint round = 0; round < 4000; round++) {
        g_autofree char *one = some_network(rand, round % 2);
        g_autofree char *two = some_network(rand, g_rand_int_range(rand, 0, 10) ? round % 2 : 0);
        g_autoptr(GInetAddressMask) one_there = g_inet_address_mask_new_from_string(one, NULL);
        g_autoptr(GInetAddressMask) two_there = g_inet_address_mask_new_from_string(two, NULL);
        g_autoptr(GInetAddress) address = some_address(rand, two_there);
        Cidr one_here, two_here;
        assert_true(cidr_parse(one, &one_here) && cidr_parse(two, &two_here));

        gboolean covers = g_inet_address_mask_matches(one_there, address);
        assert_int_equal(cidr_covers(&one_here, (int)g_inet_address_get_family(address),
                                     g_inet_address_to_bytes(address)),
                         covers);
        gboolean contains =
            g_inet_address_mask_matches(one_there, g_inet_address_mask_get_address(two_there)) &&
            g_inet_address_mask_get_length(two_there) >= g_inet_address_mask_get_length(one_there);
        assert_int_equal(cidr_contains(&one_here, &two_here), contains);
        inside += covers;
        contained += contains;
    }
    assert_true(inside > 100 && contained > 100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_spelling_is_a_network),
        cmocka_unit_test(agrees_with_glib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
