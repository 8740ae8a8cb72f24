/* P8 90: a compressed connection, and bombs on it (RFC 4978). */
#include "net/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/imap-talk.h"

/* The server's end: its bytes, compressed. */
static GByteArray *packed(Deflate *server, const char *text)
{
    GByteArray *out = g_byte_array_new();
    deflate_pack(server, (const guint8 *)text, strlen(text), out);
    return out;
}

/* Feeds BYTES in pieces, reads them out in pieces; NULL with *error. */
static GByteArray *unpacked(const GByteArray *bytes, gsize piece, gsize room, GError **error)
{
    g_autoptr(Deflate) client = deflate_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(room);
    for (gsize at = 0; at < bytes->len; at += piece) {
        deflate_feed(client, bytes->data + at, MIN(piece, bytes->len - at));
        while (!deflate_hungry(client)) {
            gssize got = deflate_unpack(client, buffer, room, error);
            if (got < 0)
                return NULL;
            g_byte_array_append(out, buffer, (guint)got);
        }
    }
    return g_steal_pointer(&out);
}

static void what_is_packed_comes_back_wherever_it_is_cut(void **state)
{
    (void)state;
    static const gsize pieces[] = {1, 2, 7, 100000}, rooms[] = {1, 5, 16384};
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 2000; i++)
        g_string_append_printf(text, "* %u FETCH (UID %u FLAGS (\\Seen))\r\n", i, 7 * i);
    g_autoptr(Deflate) server = deflate_new();
    g_autoptr(GByteArray) bytes = packed(server, text->str);
    assert_in_range(bytes->len, 1, text->len / 3);
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++)
        for (gsize k = 0; k < G_N_ELEMENTS(rooms); k++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(GByteArray) back = unpacked(bytes, pieces[i], rooms[k], &error);
            assert_null(error);
            assert_int_equal(back->len, text->len);
            assert_memory_equal(back->data, text->str, text->len);
        }
}

static GByteArray *blank(gsize megabytes)
{
    g_autoptr(Deflate) server = deflate_new();
    GByteArray *out = g_byte_array_new();
    g_autofree char *zeros = g_strnfill(1024 * 1024, 'A');
    for (gsize i = 0; i < megabytes; i++)
        deflate_pack(server, (const guint8 *)zeros, 1024 * 1024, out);
    return out;
}

static void p8_90_a_bomb_ends_at_the_ratio(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) page = blank(60), bomb = blank(90);
    g_autoptr(GByteArray) back = unpacked(page, 4096, 16384, &error);
    assert_non_null(back);
    assert_null(unpacked(bomb, 4096, 16384, &error));
    assert_fault(error, 76, "server.limit");
}

static void p8_90_the_slack_is_that_of_one_message(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = blank(90);
    g_autoptr(Deflate) client = deflate_new();
    g_autofree guint8 *buffer = g_malloc(1024 * 1024);
    gsize since = 0;
    deflate_feed(client, bytes->data, bytes->len);
    while (!deflate_hungry(client)) {
        gssize got = deflate_unpack(client, buffer, 1024 * 1024, &error);
        assert_null(error);
        since += (gsize)got;
        if (since < 50 * 1024 * 1024)
            continue;
        deflate_renew(client);
        since = 0;
    }
}

static void p8_90_what_is_no_deflate_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        gsize size;
    } cases[] = {
        {"* OK this is not compressed\r\n", 29},
        {"\x07", 1},                 /* a block of no kind */
        {"\x03\x00\x03\x00", 4},     /* an end, and more */
        {"\x01\x00\x00\x00\x00", 5}, /* wrong check of a stored block */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)cases[i].bytes, (guint)cases[i].size);
        g_autoptr(GByteArray) whole = unpacked(bytes, 100, 100, &error);
        assert_null(whole);
        assert_fault(error, 76, "server.protocol");
    }
}

/* ---- on a connection ---- */

#define ABLE "UIDPLUS COMPRESS=DEFLATE"
#define EXAMINED "* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n5 OK x\r\n"

static gboolean open_inbox(Talk *talk, GError **error)
{
    Selected selected;
    return talk->fetcher->select(talk->fetcher, "INBOX", NULL, NULL, &selected, error);
}

/* What the server says after its OK, in one piece with it, and to the next command. */
static void compress_with(Talk *talk, const GByteArray *behind, const GByteArray *next,
                          GByteArray *out)
{
    g_byte_array_append(out, (const guint8 *)"4 OK go\r\n", 9);
    g_byte_array_append(out, behind->data, behind->len);
    const PeerStep steps[] = {
        PEER_EXPECT("4 COMPRESS DEFLATE\r\n"),
        PEER_SEND_BYTES((const char *)out->data, out->len),
        PEER_PACKED(), /* EXAMINE */
        PEER_PACKED(),
        PEER_SEND_BYTES(next ? (const char *)next->data : "", next ? next->len : 0),
        PEER_WAIT()};
    talk_begin_able(talk, ABLE, steps, G_N_ELEMENTS(steps));
}

static void bytes_behind_the_ok_are_compressed(void **state)
{
    (void)state;
    static const NumberRange all[] = {{1, 9}};
    g_autoptr(Deflate) server = deflate_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GByteArray) behind = packed(server, EXAMINED);
    g_autoptr(GByteArray) next =
        packed(server, "* 1 FETCH (UID 2 BODY[] {5}\r\nhello)\r\n6 OK x\r\n");
    Talk talk;
    g_autoptr(GError) error = NULL;
    compress_with(&talk, behind, next, out);
    MessageTaker taker = talk_taker(&talk);
    if (!open_inbox(&talk, &error) || !talk.fetcher->get(talk.fetcher, all, 1, &taker, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, "start hello end 2 0 -\n");
    g_autofree char *heard = talk_end(&talk, NULL);
    assert_null(strstr(heard, "EXAMINE")); /* compressed */
}

static void p8_90_a_server_that_is_not_compressed_after_all_is_refused(void **state)
{
    (void)state;
    g_autoptr(GByteArray) out = g_byte_array_new(), clear = g_byte_array_new();
    g_byte_array_append(clear, (const guint8 *)EXAMINED, sizeof EXAMINED - 1);
    Talk talk;
    g_autoptr(GError) error = NULL;
    compress_with(&talk, clear, NULL, out);
    assert_false(open_inbox(&talk, &error));
    assert_fault(error, 76, "server.protocol");
    g_free(talk_end(&talk, NULL));
}

static void p8_90_a_message_that_is_a_bomb_is_refused(void **state)
{
    (void)state;
    static const NumberRange all[] = {{1, 9}};
    g_autoptr(Deflate) server = deflate_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GByteArray) behind = packed(server, EXAMINED);
    g_autoptr(GByteArray) next = packed(server, "* 1 FETCH (UID 2 BODY[] {1073741824}\r\n");
    g_autofree char *page = g_strnfill(1024 * 1024, 'A');
    for (guint i = 0; i < 100; i++)
        deflate_pack(server, (const guint8 *)page, 1024 * 1024, next);
    Talk talk;
    g_autoptr(GError) error = NULL;
    compress_with(&talk, behind, next, out);
    talk.count_only = TRUE;
    MessageTaker taker = talk_taker(&talk);
    assert_true(open_inbox(&talk, NULL));
    assert_false(talk.fetcher->get(talk.fetcher, all, 1, &taker, &error));
    assert_fault(error, 76, "server.limit");
    assert_in_range(talk.bytes, 60 * 1024 * 1024, 80 * 1024 * 1024);
    g_free(talk_end(&talk, NULL));
}

static void a_server_that_says_no_is_left_in_clear(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_EXPECT("4 COMPRESS DEFLATE\r\n"),
                                     PEER_SEND("4 NO [COMPRESSIONACTIVE] x\r\n"),
                                     PEER_EXPECT("5 EXAMINE INBOX\r\n"), PEER_SEND(EXAMINED)};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, ABLE, steps, G_N_ELEMENTS(steps));
    if (!open_inbox(&talk, &error))
        fail_msg("%s", error->message);
    g_free(talk_end(&talk, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back_wherever_it_is_cut),
        cmocka_unit_test(p8_90_a_bomb_ends_at_the_ratio),
        cmocka_unit_test(p8_90_the_slack_is_that_of_one_message),
        cmocka_unit_test(p8_90_what_is_no_deflate_is_refused),
        cmocka_unit_test(bytes_behind_the_ok_are_compressed),
        cmocka_unit_test(p8_90_a_server_that_is_not_compressed_after_all_is_refused),
        cmocka_unit_test(p8_90_a_message_that_is_a_bomb_is_refused),
        cmocka_unit_test(a_server_that_says_no_is_left_in_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
