/* P3 29: what our ClientHello offers, and that there is one for each connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cursor.h"
#include "net/tls.h"
#include "tests/unit/net/tls-peer.h"

enum { SERVER_NAME = 0, VERSIONS = 43 };

typedef struct {
    GByteArray *raw;
    GArray *ciphers;  /* guint16 */
    GArray *versions; /* guint16 */
    char *host;
} Hello;

static Cursor part(Cursor *cursor, gsize size)
{
    const guint8 *bytes = cursor_bytes(cursor, size);
    assert_false(cursor->failed);
    return cursor_over(bytes, size);
}

static void take_extension(Hello *hello, guint16 type, Cursor body)
{
    if (type == SERVER_NAME) {
        (void)cursor_u16(&body);
        assert_int_equal(cursor_u8(&body), 0);
        gsize size = cursor_u16(&body);
        hello->host = g_strndup((const char *)cursor_bytes(&body, size), size);
        assert_true(cursor_whole(&body));
    }
    if (type == VERSIONS)
        for (guint n = cursor_u8(&body) / 2; n > 0; n--) {
            guint16 version = cursor_u16(&body);
            g_array_append_val(hello->versions, version);
        }
}

/* RFC 8446, 4.1.2. */
static Hello hello_read(GByteArray *raw)
{
    Hello hello = {.raw = raw,
                   .ciphers = g_array_new(FALSE, FALSE, sizeof(guint16)),
                   .versions = g_array_new(FALSE, FALSE, sizeof(guint16))};
    Cursor whole = cursor_over(raw->data, raw->len);
    assert_int_equal(cursor_u8(&whole), 22);
    (void)cursor_u16(&whole);
    Cursor cursor = part(&whole, cursor_u16(&whole));
    assert_int_equal(cursor_u32(&cursor) >> 24, 1);
    assert_int_equal(cursor_u16(&cursor), 0x0303);
    (void)part(&cursor, 32);
    (void)part(&cursor, cursor_u8(&cursor)); /* session id: of no meaning in TLS 1.3 */
    Cursor ciphers = part(&cursor, cursor_u16(&cursor));
    while (ciphers.left > 0) {
        guint16 cipher = cursor_u16(&ciphers);
        g_array_append_val(hello.ciphers, cipher);
    }
    assert_int_equal(cursor_u8(&cursor), 1); /* one compression: */
    assert_int_equal(cursor_u8(&cursor), 0); /* none */
    Cursor extensions = part(&cursor, cursor_u16(&cursor));
    assert_true(cursor_whole(&cursor));
    while (extensions.left > 0) {
        guint16 type = cursor_u16(&extensions);
        take_extension(&hello, type, part(&extensions, cursor_u16(&extensions)));
    }
    return hello;
}

static void hello_clear(Hello *hello)
{
    g_byte_array_unref(hello->raw);
    g_array_unref(hello->ciphers);
    g_array_unref(hello->versions);
    g_free(hello->host);
}

/* Of a connection whose server says nothing. */
static Hello hello_of(const Session *session)
{
    static const PeerStep steps[] = {PEER_DROP()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    assert_false(channel_start_tls(channel, session, NULL));
    channel_free(channel);
    return hello_read(peer_finish(peer, NULL));
}

static void p3_29_nothing_old_or_weak_is_offered(void **state)
{
    (void)state;
    /* TLS 1.3's three, ECDHE with AES-GCM or ChaCha20 of TLS 1.2, and the sign of RFC 5746. */
    static const guint16 known[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c,
                                    0xc02f, 0xc030, 0xcca8, 0xcca9, 0x00ff};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    for (guint newest_only = 0; newest_only < 2; newest_only++) {
        session->min_tls = newest_only ? TLS_1_3 : TLS_1_2;
        Hello hello = hello_of(session);
        assert_string_equal(hello.host, PEER_HOST);
        for (guint i = 0; i < hello.ciphers->len; i++) {
            guint16 cipher = g_array_index(hello.ciphers, guint16, i);
            gboolean good = FALSE;
            for (gsize k = 0; k < G_N_ELEMENTS(known); k++)
                good = good || known[k] == cipher;
            if (!good)
                fail_msg("cipher 0x%04x is offered", cipher);
        }
        assert_int_equal(hello.versions->len, newest_only ? 1 : 2);
        assert_int_equal(g_array_index(hello.versions, guint16, 0), 0x0304);
        if (!newest_only)
            assert_int_equal(g_array_index(hello.versions, guint16, 1), 0x0303);
        hello_clear(&hello);
    }
}

static void p3_29_a_second_handshake_is_refused(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_AGAIN(), PEER_SEND("hello"), PEER_WAIT()};
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    guint hellos = 0;
    const PeerSetup setup = {.max_version = TLS1_2_VERSION, .hellos = &hellos};
    Peer *peer = peer_start(&setup, steps, G_N_ELEMENTS(steps));
    Channel *channel = channel_new(peer_fd(peer));
    assert_true(channel_start_tls(channel, session, NULL));
    guint8 word[5];
    while (channel_read(channel, word, sizeof word, NULL) > 0)
        ;
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
    assert_int_equal(hellos, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p3_29_nothing_old_or_weak_is_offered),
        cmocka_unit_test(p3_29_a_second_handshake_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
