/* See feed.h. */
#include "tests/fuzz/feed.h"

#include <sys/socket.h>
#include <unistd.h>

Channel *feed_channel(const guint8 *bytes, gsize size)
{
    int pair[2];
    if (size > FEED_BYTES || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return NULL;
    if (size > 0 && send(pair[1], bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (gssize)size)
        g_error("the socket pair is too small");
    close(pair[1]);
    return channel_new(pair[0]);
}
