/* See standard.h. */
#include "core/standard.h"

#include <fcntl.h>
#include <unistd.h>

gboolean standard_hold(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            /* The lowest that is free, which is this one; in the direction that nobody wants. */
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return FALSE;
    return TRUE;
}
