#include "core/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child that has those of OPEN_ONES open (bit 0 for descriptor 0, …): 0, or what went wrong.
 */
static int outcome(guint open_ones)
{
    char byte = 'x';
    for (int fd = 0; fd <= 2; fd++)
        if ((open_ones & 1u << fd) == 0)
            close(fd);
    if (!standard_hold())
        return 1;
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            return 2;
        if ((open_ones & 1u << fd) != 0)
            continue;
        errno = 0;
        if ((fd == 0 ? read(fd, &byte, 1) : write(fd, &byte, 1)) != -1 || errno != EBADF)
            return 3;
    }
    return open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 4;
}

static void p10_112_closed_descriptors_are_taken_by_no_file(void **state)
{
    (void)state;
    for (guint open_ones = 0; open_ones < 8; open_ones++) {
        pid_t child = fork();
        if (child == 0)
            _exit(outcome(open_ones));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p10_112_closed_descriptors_are_taken_by_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
