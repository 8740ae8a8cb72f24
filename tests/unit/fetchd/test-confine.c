/* P8: what a net child that was taken over could try. */
#include "fetchd/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

#ifndef SANITIZED
static long opens(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long opens_the_old_way(void)
{
#ifdef SYS_open
    return syscall(SYS_open, "/etc/passwd", O_RDONLY);
#else
    errno = EPERM;
    return -1;
#endif
}

static long makes_a_socket(void)
{
    return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long connects(void)
{
    const struct sockaddr_un agent = {.sun_family = AF_UNIX,
                                      .sun_path = "/run/user/0/gnupg/S.gpg-agent"};
    return syscall(SYS_connect, 3, &agent, sizeof agent);
}

static long runs_a_program(void)
{
    char *const nothing[] = {NULL};
    return syscall(SYS_execve, "/bin/true", nothing, nothing);
}

static long forks(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long traces_its_keeper(void)
{
    return syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}

static long reads_its_keepers_memory(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static long kills_its_keeper(void)
{
    return syscall(SYS_kill, getppid(), 0);
}

static long takes_a_descriptor(void)
{
    return syscall(SYS_pidfd_open, getppid(), 0);
}

static long lifts_its_limits(void)
{
    return syscall(SYS_prlimit64, 0, 7, NULL, NULL);
}

typedef struct {
    const char *name;
    long (*attempt)(void);
} Attempt;

static const Attempt attempts[] = {
    {"open", opens},
    {"the old open", opens_the_old_way},
    {"socket", makes_a_socket},
    {"connect", connects},
    {"execve", runs_a_program},
    {"clone", forks},
    {"ptrace", traces_its_keeper},
    {"process_vm_readv", reads_its_keepers_memory},
    {"kill", kills_its_keeper},
    {"pidfd_open", takes_a_descriptor},
    {"prlimit64", lifts_its_limits},
};

/* --- postern-gss ---------------------------------------------------------------------------- */

static long asks_a_keyring(void)
{
    return syscall(SYS_keyctl, 0, -4, 0); /* KEYCTL_GET_KEYRING_ID of the user's */
}

static long adds_a_key(void)
{
    return syscall(SYS_add_key, "user", "x", "x", 1, -4);
}

static long listens(void)
{
    return syscall(SYS_listen, 3, 1);
}

static long goes_around_the_list(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

static const Attempt ticket_attempts[] = {
    {"a socket that is a file", makes_a_socket},
    {"execve", runs_a_program},
    {"clone", forks},
    {"ptrace", traces_its_keeper},
    {"process_vm_readv", reads_its_keepers_memory},
    {"kill", kills_its_keeper},
    {"pidfd_open", takes_a_descriptor},
    {"keyctl", asks_a_keyring},
    {"add_key", adds_a_key},
    {"listen", listens},
    {"io_uring_setup", goes_around_the_list},
};

#endif

/* Confined; the answer is the exit code: 0 as it should be. */
static int inside(int (*what)(gpointer user), gpointer user)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(confine() ? what(user) : 99);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#ifndef SANITIZED
static int ticket_fails(gpointer user)
{
    long (*attempt)(void) = *(long (*const *)(void))user;
    if (!confine_first() || !confine_ticket())
        return 98;
    errno = 0;
    return attempt() == -1 && errno == EPERM ? 0 : 1;
}

/* As `inside`, but for the lock. */
static int apart(int (*what)(gpointer user), gpointer user)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(what(user));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void p8_97_who_makes_kerberos_tokens_and_is_taken_over_can_do_little(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(ticket_attempts); i++) {
        int code = apart(ticket_fails, (gpointer)&ticket_attempts[i].attempt);
        if (code != 0)
            fail_msg("%s: %d", ticket_attempts[i].name, code);
    }
}

/* Settings are read and a KDC is asked; nothing of the user's is read, and nothing is written. */
static int ticket_works(gpointer user)
{
    const char *own = user;
    if (!confine_first() || !confine_ticket())
        return 98;
    if (open("/etc/passwd", O_RDONLY) < 0 || socket(AF_INET, SOCK_DGRAM, 0) < 0)
        return 1;
    if (open(own, O_RDONLY) >= 0 || errno != EACCES)
        return 2;
    return open(own, O_WRONLY) >= 0 || errno != EACCES || open("/etc/passwd", O_WRONLY) >= 0 ||
                   errno != EACCES || unlink(own) == 0
               ? 3
               : 0;
}

static void p8_97_who_makes_kerberos_tokens_reads_settings_alone(void **state)
{
    (void)state;
    /* Linux 5.13 and newer, unless it was built or started without. */
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
        skip();
    char own[] = "/tmp/postern-test-XXXXXX";
    int fd = mkstemp(own);
    assert_true(fd >= 0);
    int code = apart(ticket_works, own);
    close(fd);
    (void)unlink(own);
    assert_int_equal(code, 0);
}

static int fails(gpointer user)
{
    long (*attempt)(void) = *(long (**)(void))user;
    errno = 0;
    return attempt() == -1 && errno == EPERM ? 0 : 1;
}

static void p8_97_a_child_taken_over_can_do_nothing(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(attempts); i++) {
        int code = inside(fails, (gpointer)&attempts[i].attempt);
        if (code != 0)
            fail_msg("%s: %d", attempts[i].name, code);
    }
}
#endif

static int works(gpointer user)
{
    int *pair = user;
    char byte = 'x';
    void *memory = malloc(1024 * 1024),
         *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    gboolean ok = memory && page != MAP_FAILED && send(pair[0], &byte, 1, 0) == 1 &&
                  recv(pair[1], &byte, 1, 0) == 1 && g_get_monotonic_time() > 0;
    free(memory);
    return ok ? 0 : 1;
}

static void what_a_child_needs_works(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(inside(works, pair), 0);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#ifndef SANITIZED /* whose reports need files */
        cmocka_unit_test(p8_97_a_child_taken_over_can_do_nothing),
        cmocka_unit_test(p8_97_who_makes_kerberos_tokens_and_is_taken_over_can_do_little),
        cmocka_unit_test(p8_97_who_makes_kerberos_tokens_reads_settings_alone),
#endif
        cmocka_unit_test(what_a_child_needs_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
