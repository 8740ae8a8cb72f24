/* P4, P6: a message handed on to an LMTP server or a Maildir arrives as it was sealed, or not. */
#include "fetchd/deliver.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/fast-clock.h"

typedef struct {
    const char *name, *sealed, *lmtp, *maildir;
} Letter;
static const Letter letters[] = {
    {"plain", "A: b\r\n\r\nc\r\n", "A: b\r\n\r\nc\r\n", "A: b\n\nc\n"},
    {"lone dots", ".\r\n..\r\n.x\r\na.\r\n.", "..\r\n...\r\n..x\r\na.\r\n..\r\n",
     ".\n..\n.x\na.\n."},
    {"bare LF", "a\n.\nb\n\r\n", "a\r\n..\r\nb\r\n\r\n", "a\n.\nb\n\n"},
    {"bare CR", "a\r.\r\rb\r\n\r", "a\r\n..\r\n\r\nb\r\n\r\n", "a\r.\r\rb\n\r"},
    {"a last CR", "a\r", "a\r\n", "a\r"},
    {"eight bits", "\xC3\xBC\xFF\xFE\r\n", "\xC3\xBC\xFF\xFE\r\n", "\xC3\xBC\xFF\xFE\n"},
    {"no last line end", "a\r\nb", "a\r\nb\r\n", "a\nb"},
};

static gboolean hand_on(Deliverer *deliverer, const char *data, gsize size, gsize step,
                        gboolean again, GError **error)
{
    if (!deliverer->start(deliverer, error))
        return FALSE;
    for (gsize at = 0; at < size; at += step)
        if (!deliverer->write(deliverer, (const guint8 *)data + at, MIN(step, size - at), error)) {
            deliverer->abort(deliverer);
            return FALSE;
        }
    return deliverer->finish(deliverer, "abcd", again, error);
}

/* --- an LMTP server in another thread ------------------------------------------------------ */

typedef struct {
    char *dir, *path;
    int listener;
    GThread *thread;
    const char *const *says; /* to each line of the session; NULL at its end: hangs up */
    guint sessions;
    GString *got; /* the data of all messages, or what came of them */
} Server;

static void say(int fd, const char *text)
{
    if (text && *text == '*') /* so many bytes without an end of the line */
        for (int n = atoi(text + 1); n > 0; n--)
            (void)!send(fd, "2", 1, MSG_NOSIGNAL);
    else if (text)
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static gboolean next_line(int fd, GString *line)
{
    char byte;
    g_string_set_size(line, 0);
    while (recv(fd, &byte, 1, 0) == 1) {
        g_string_append_c(line, byte);
        if (byte == '\n')
            return TRUE;
    }
    return FALSE;
}

static void serve_one(Server *self, int fd)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *const *says = self->says;
    for (say(fd, *says++); *says && next_line(fd, line); says++) {
        say(fd, *says);
        if (!g_str_has_prefix(line->str, "DATA"))
            continue;
        gboolean whole = FALSE;
        while (says[1] && !whole && next_line(fd, line)) {
            whole = g_str_equal(line->str, ".\r\n");
            if (!whole)
                g_string_append_len(self->got, line->str, (gssize)line->len);
        }
        g_string_append(self->got, whole ? "<end>" : "<cut>");
        if (whole)
            say(fd, *++says);
    }
    if (says[0] && says[1] == NULL && **says == '\0') /* stays, and says nothing */
        (void)next_line(fd, line);
}

static gpointer serve(gpointer user)
{
    Server *self = user;
    for (guint i = 0; i < self->sessions; i++) {
        int fd = accept(self->listener, NULL, NULL);
        serve_one(self, fd);
        close(fd);
    }
    return NULL;
}

static void server_start(Server *self, const char *const *says, guint sessions)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    self->dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    self->path = g_build_filename(self->dir, "lmtp", NULL);
    self->got = g_string_new(NULL);
    self->says = says;
    self->sessions = sessions;
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, self->path, sizeof address.sun_path);
    assert_int_equal(bind(self->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(self->listener, 8), 0);
    self->thread = g_thread_new("server", serve, self);
}

static void server_wait(Server *self)
{
    if (self->thread)
        g_thread_join(g_steal_pointer(&self->thread));
}

static void server_stop(Server *self)
{
    server_wait(self);
    close(self->listener);
    g_unlink(self->path);
    g_rmdir(self->dir);
    g_free(self->dir);
    g_free(self->path);
    g_string_free(self->got, TRUE);
}

#define HELLO "220 hi\r\n", "250-me\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
#define PROBE "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"
#define ENVELOPE "250 ok\r\n", "250 ok\r\n", "354 go on\r\n"

static void lmtp_gets_each_letter_with_dots_and_line_ends(void **state)
{
    (void)state;
    static const char *const says[] = {HELLO, PROBE, ENVELOPE, "250 saved\r\n", "", NULL};
    for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
        for (gsize step = 1; step < 4; step++) {
            Server server;
            server_start(&server, says, 1);
            Deliverer *deliverer = lmtp_open(server.path, "john@corp.example", NULL);
            assert_non_null(deliverer);
            assert_true(hand_on(deliverer, letters[i].sealed, strlen(letters[i].sealed), step,
                                FALSE, NULL));
            deliverer_free(deliverer);
            g_autofree char *wanted = g_strconcat(letters[i].lmtp, "<end>", NULL);
            server_wait(&server);
            assert_string_equal(server.got->str, wanted);
            server_stop(&server);
        }
}

static void nul_passes_and_an_empty_letter_does(void **state)
{
    (void)state;
    static const char *const says[] = {HELLO,    PROBE,           ENVELOPE, "250 saved\r\n",
                                       ENVELOPE, "250 saved\r\n", "",       NULL};
    Server server;
    server_start(&server, says, 1);
    g_autoptr(Deliverer) deliverer = lmtp_open(server.path, "john@corp.example", NULL);
    assert_true(hand_on(deliverer, "a\0b\r\n", 5, 2, FALSE, NULL));
    assert_true(hand_on(deliverer, "", 0, 1, FALSE, NULL));
    g_clear_pointer(&deliverer, deliverer_free);
    server_wait(&server);
    assert_int_equal(server.got->len, 5 + 5 + 5);
    assert_memory_equal(server.got->str, "a\0b\r\n<end><end>", 15);
    server_stop(&server);
}

static void p6_what_is_aborted_has_no_end(void **state)
{
    (void)state;
    static const char *const says[] = {HELLO, PROBE, ENVELOPE, "250 saved\r\n", "", NULL};
    Server server;
    server_start(&server, says, 1);
    Deliverer *deliverer = lmtp_open(server.path, "john@corp.example", NULL);
    assert_true(deliverer->start(deliverer, NULL));
    assert_true(deliverer->write(deliverer, (const guint8 *)"half\r\n.\r\n", 9, NULL));
    deliverer->abort(deliverer);
    deliverer_free(deliverer);
    server_wait(&server);
    assert_null(strstr(server.got->str, "<end>"));
    server_stop(&server);
}

/* --- servers that say no, or nonsense ------------------------------------------------------ */

typedef struct {
    const char *name;
    const char *says[16];
    const char *rule;
    guint sessions;
} Fault;
static const Fault faults[] = {
    {"greets with 421", {"421 full\r\n", NULL}, "deliver.unreachable", 1},
    {"knows no LHLO", {"220 hi\r\n", "502 what\r\n", NULL}, "deliver.unreachable", 1},
    {"hangs up", {"220 hi\r\n", NULL}, "deliver.unreachable", 1},
    {"speaks HTTP", {"HTTP/1.1 400 no\r\n", NULL}, "deliver.protocol", 1},
    {"changes the code", {"220-hi\r\n250 ho\r\n", NULL}, "deliver.protocol", 1},
    {"a line without end", {"*65536", NULL}, "deliver.protocol", 1},
    {"says nothing", {"", ""}, "deliver.timeout", 1},
    {"knows no john",
     {HELLO, "250 ok\r\n", "550 who\r\n", "250 ok\r\n", NULL},
     "deliver.recipient",
     1},
    {"takes no mail", {HELLO, "452 later\r\n", "250 ok\r\n", NULL}, "deliver.message", 1},
    {"refuses after the data",
     {HELLO, PROBE, ENVELOPE, "554 spam\r\n", NULL},
     "deliver.message",
     1},
    {"is full after the data",
     {HELLO, PROBE, ENVELOPE, "452 full\r\n", NULL},
     "deliver.message",
     1},
    {"refuses DATA",
     {HELLO, PROBE, "250 ok\r\n", "250 ok\r\n", "451 no\r\n", "250 ok\r\n", NULL},
     "deliver.message",
     1},
    {"hangs up after the data", {HELLO, PROBE, ENVELOPE, NULL}, "deliver.lost", 1},
    {"nonsense after the data", {HELLO, PROBE, ENVELOPE, "hm\r\n", NULL}, "deliver.protocol", 1},
    {"says nothing after the data", {HELLO, PROBE, ENVELOPE, "", ""}, "deliver.timeout", 1},
    /* called anew, it gives the same answers, and the third is not for DATA */
    {"goes away between letters", {HELLO, PROBE, NULL}, "deliver.message", 2},
};

static void each_fault_of_an_lmtp_server_is_told(void **state)
{
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        Server server;
        g_autoptr(GError) error = NULL;
        server_start(&server, faults[i].says, faults[i].sessions);
        clock_run_fast(TRUE);
        Deliverer *deliverer = lmtp_open(server.path, "john@corp.example", &error);
        if (deliverer)
            assert_false(hand_on(deliverer, "a\r\n", 3, 1, FALSE, &error));
        gint64 skipped = clock_skipped_ms();
        clock_run_fast(FALSE);
        deliverer_free(deliverer);
        if (error == NULL || g_strcmp0(postern_error_rule(error), faults[i].rule) != 0)
            fail_msg("%s: %s", faults[i].name, error ? error->message : "nothing");
        if (g_str_equal(faults[i].rule, "deliver.timeout"))
            assert_in_range(skipped, LIMIT_HANDOFF_MS - 1000, LIMIT_HANDOFF_MS);
        assert_int_equal(error->code, POSTERN_ERROR_TEMPORARY);
        server_stop(&server);
    }
}

static void what_is_no_socket_of_ours_is_refused(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "lmtp", NULL);
    g_autofree char *longer = g_strnfill(200, 'x');
    g_autofree char *too_long = g_build_filename(dir, longer, NULL);
    assert_null(lmtp_open(path, "john@corp.example", &error));
    assert_string_equal(postern_error_rule(error), "deliver.unreachable");
    g_clear_error(&error);
    assert_null(lmtp_open(too_long, "john@corp.example", &error));
    assert_string_equal(postern_error_rule(error), "deliver.socket");
    g_clear_error(&error);
    assert_true(g_file_set_contents(path, "", 0, NULL));
    assert_null(lmtp_open(path, "john@corp.example", &error));
    assert_string_equal(postern_error_rule(error), "deliver.socket");
    g_unlink(path);
    g_rmdir(dir);
}

/* --- a Maildir ----------------------------------------------------------------------------- */

static guint files_in(const char *dir, const char *part)
{
    guint n = 0;
    g_autofree char *path = g_build_filename(dir, part, NULL);
    GDir *list = g_dir_open(path, 0, NULL);
    while (list && g_dir_read_name(list))
        n++;
    if (list)
        g_dir_close(list);
    return n;
}

static void drop(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    (void)g_remove(path);
}

static void drop_maildir(const char *dir)
{
    drop(dir, "new/abcd.postern");
    drop(dir, "cur/abcd.postern:2,S");
    drop(dir, "new");
    drop(dir, "cur");
    drop(dir, "tmp");
    g_rmdir(dir);
}

static void a_maildir_gets_each_letter_with_lf(void **state)
{
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
        for (gsize step = 1; step < 4; step++) {
            g_autofree char *text = NULL;
            g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
            g_autofree char *path = g_build_filename(dir, "new/abcd.postern", NULL);
            struct stat facts;
            Deliverer *deliverer = maildir_open(dir, NULL);
            assert_true(hand_on(deliverer, letters[i].sealed, strlen(letters[i].sealed), step,
                                FALSE, NULL));
            assert_true(deliverer->settle(deliverer, NULL));
            deliverer_free(deliverer);
            assert_true(g_file_get_contents(path, &text, NULL, NULL));
            assert_string_equal(text, letters[i].maildir);
            assert_int_equal(stat(path, &facts), 0);
            assert_int_equal(facts.st_mode & 07777, 0600);
            assert_int_equal(files_in(dir, "tmp"), 0);
            drop_maildir(dir);
        }
}

static void p6_what_the_maildir_has_already_is_not_put_there_again(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "new/abcd.postern", NULL);
    g_autofree char *read = g_build_filename(dir, "cur/abcd.postern:2,S", NULL);
    g_autoptr(Deliverer) deliverer = maildir_open(dir, NULL);
    assert_true(hand_on(deliverer, "a\r\n", 3, 3, FALSE, NULL));
    assert_true(hand_on(deliverer, "a\r\n", 3, 3, TRUE, NULL));
    assert_int_equal(files_in(dir, "new"), 1);
    assert_int_equal(g_rename(path, read), 0);
    g_clear_pointer(&deliverer, deliverer_free);
    deliverer = maildir_open(dir, NULL);
    assert_true(hand_on(deliverer, "a\r\n", 3, 3, TRUE, NULL));
    assert_int_equal(files_in(dir, "new"), 0);
    assert_int_equal(files_in(dir, "tmp"), 0);
    drop_maildir(dir);
}

static void p6_an_aborted_or_cut_letter_is_not_there(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *big = g_strnfill(100000, 'x');
    g_autoptr(Deliverer) deliverer = maildir_open(dir, NULL);
    assert_true(deliverer->start(deliverer, NULL));
    assert_true(deliverer->write(deliverer, (const guint8 *)big, 100000, NULL));
    assert_int_equal(files_in(dir, "tmp"), 1);
    deliverer->abort(deliverer);
    assert_int_equal(files_in(dir, "tmp"), 0);
    /* No room. */
    struct rlimit before, little = {.rlim_cur = 20000};
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    little.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &little);
    assert_false(hand_on(deliverer, big, 100000, 100000, FALSE, &error));
    setrlimit(RLIMIT_FSIZE, &before);
    assert_string_equal(postern_error_rule(error), "deliver.write");
    assert_int_equal(error->code, POSTERN_ERROR_TEMPORARY);
    assert_int_equal(files_in(dir, "tmp") + files_in(dir, "new"), 0);
    drop_maildir(dir);
}

static void p4_a_maildir_that_others_can_read_is_refused(void **state)
{
    (void)state;
    g_autofree char *top = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *open = g_build_filename(top, "open", NULL);
    g_autofree char *link = g_build_filename(top, "link", NULL);
    g_autofree char *made = g_build_filename(top, "made", NULL);
    assert_int_equal(g_mkdir(open, 0755), 0);
    assert_int_equal(g_chmod(open, 0755), 0);
    assert_int_equal(symlink(top, link), 0);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        assert_null(maildir_open(i == 0 ? open : link, &error));
        assert_string_equal(postern_error_rule(error), "deliver.directory");
    }
    Deliverer *deliverer = maildir_open(made, NULL);
    assert_non_null(deliverer);
    deliverer_free(deliverer);
    drop_maildir(made);
    drop(top, "link");
    drop(top, "open");
    g_rmdir(top);
}

static void what_an_interrupted_run_left_is_swept_in_time(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *old = g_build_filename(dir, "tmp/old.postern", NULL);
    g_autofree char *foreign = g_build_filename(dir, "tmp/foreign", NULL);
    g_autofree char *young = g_build_filename(dir, "tmp/young.postern", NULL);
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    deliverer_free(maildir_open(dir, NULL));
    assert_true(g_file_set_contents(old, "", 0, NULL));
    assert_true(g_file_set_contents(foreign, "", 0, NULL));
    assert_true(g_file_set_contents(young, "", 0, NULL));
    assert_int_equal(utimensat(AT_FDCWD, old, long_ago, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, foreign, long_ago, 0), 0);
    deliverer_free(maildir_open(dir, NULL));
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(g_unlink(foreign), 0);
    assert_int_equal(g_unlink(young), 0);
    drop_maildir(dir);
}

/* --- what an account may ------------------------------------------------------------------- */

static void an_address_that_lmtp_cannot_say_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const Account account = {.name = (char *)"w",
                             .address = (char *)"\"j s\"@corp.example",
                             .deliver = (char *)"lmtp:/nowhere"};
    assert_null(deliver_open(&account, &error));
    assert_string_equal(postern_error_rule(error), "deliver.address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lmtp_gets_each_letter_with_dots_and_line_ends),
        cmocka_unit_test(nul_passes_and_an_empty_letter_does),
        cmocka_unit_test(p6_what_is_aborted_has_no_end),
        cmocka_unit_test(each_fault_of_an_lmtp_server_is_told),
        cmocka_unit_test(what_is_no_socket_of_ours_is_refused),
        cmocka_unit_test(an_address_that_lmtp_cannot_say_is_told),
        cmocka_unit_test(a_maildir_gets_each_letter_with_lf),
        cmocka_unit_test(p6_what_the_maildir_has_already_is_not_put_there_again),
        cmocka_unit_test(p6_an_aborted_or_cut_letter_is_not_there),
        cmocka_unit_test(p4_a_maildir_that_others_can_read_is_refused),
        cmocka_unit_test(what_an_interrupted_run_left_is_swept_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
