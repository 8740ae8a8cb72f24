/* Files as parts of a letter: what is no readable file of a bearable size is refused by name. */
#include "mime/attachment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("postern-attachment-XXXXXX", NULL);
    return dir ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    g_rmdir(dir);
    g_free(dir);
    return 0;
}

static void assert_refused(const char *path, const char *why)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    assert_false(attachment_write(out, path, &error));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_INPUT);
    assert_string_equal(postern_error_rule(error), "send.attachment");
    if (strstr(error->message, why) == NULL)
        fail_msg("%s: %s", why, error->message);
    assert_int_equal(out->len, 0);
}

static void p8_a_file_that_is_too_large_is_refused_before_it_is_read(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(dir, "huge.bin", NULL);
    assert_true(g_file_set_contents(path, "", 0, NULL));
    assert_int_equal(truncate(path, (off_t)LIMIT_VIEW_BYTES + 1), 0); /* takes no room */
    assert_refused(path, "larger than 256 MB");
    g_unlink(path);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    g_autofree char *absent = g_build_filename(dir, "absent", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(fifo, "not a regular file");
    assert_refused(dir, "not a regular file");
    assert_refused(absent, "No such file");
    g_unlink(fifo);
}

/* A message goes as it is only where no byte of it changes on the way or moves a terminal. */
static void p9_100_a_message_goes_as_it_is_or_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        gboolean as_is;
    } cases[] = {
        {"From: x@corp.example\n\nText.\n.\n", TRUE},
        {"From: x@corp.example\r\n\r\n\tText.\r\n", TRUE},
        {"From: x@corp.example\n\nFrom", TRUE},
        {"From: x@corp.example\n\nFrom here\n", FALSE},
        {"From: x@corp.example\n\na\rb\n", FALSE},
        {"From: x@corp.example\n\na\r", FALSE},
        {"From: x@corp.example\n\n\033[2J\n", FALSE},
        {"From: x@corp.example\n\n\x7F\n", FALSE},
        {"From: x@corp.example\n\n\xC3\xA4\n", FALSE},
    };
    g_autofree char *path = g_build_filename(dir, "a.eml", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        assert_true(g_file_set_contents(path, cases[i].message, -1, NULL));
        assert_true(attachment_write(out, path, NULL));
        gboolean as_is = strstr(out->str, "message/rfc822") && strstr(out->str, "\r\n\r\nFrom: x");
        gboolean encoded = strstr(out->str, "octet-stream") && strstr(out->str, "base64");
        if (as_is != cases[i].as_is || encoded == cases[i].as_is)
            fail_msg("case %zu: %s", i, out->str);
    }
    g_unlink(path);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_a_file_that_is_too_large_is_refused_before_it_is_read),
        cmocka_unit_test(p9_100_a_message_goes_as_it_is_or_encoded),
        cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
