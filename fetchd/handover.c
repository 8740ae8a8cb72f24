/* See handover.h. */
#include "fetchd/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

typedef union {
    struct cmsghdr head; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
} Control;

gboolean handover_give(int wire_fd, int socket_fd, GError **error)
{
    Control control = {.bytes = {0}};
    guint8 byte = 0;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &socket_fd, sizeof(int));
    return sendmsg(wire_fd, &message, MSG_NOSIGNAL) == 1 ||
           refuse(error, POSTERN_ERROR_BUG, "net.gone", NULL,
                  "the connection's process ended unexpectedly");
}

static int only_socket(struct msghdr *message)
{
    int fd = -1, type;
    socklen_t size = sizeof type;
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
        head->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    memcpy(&fd, CMSG_DATA(head), sizeof(int));
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
        return fd;
    close(fd);
    return -1;
}

int handover_take(int wire_fd)
{
    Control control = {.bytes = {0}};
    guint8 byte;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    gssize n;
    do
        n = recvmsg(wire_fd, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    return n == 1 ? only_socket(&message) : -1;
}
