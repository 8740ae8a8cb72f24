/* See confine.h. */
#include "fetchd/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "core/limits.h"

/* Of AddressSanitizer: its shadow is writable memory by the terabyte, and its reports go to a file.
 */
#ifdef SANITIZED
#define IS_SANITIZED TRUE
#else
#define IS_SANITIZED FALSE
#endif

static gboolean limit(int resource, rlim_t value)
{
    const struct rlimit both = {value, value};
    return setrlimit(resource, &both) == 0;
}

/* Bytes in and out, memory, time, and an end. All else fails with EPERM, so that a library that
 * looks for a file of its settings goes on without. */
static const int calls[] = {
    SCMP_SYS(read),         SCMP_SYS(readv),          SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),      SCMP_SYS(write),          SCMP_SYS(writev),
    SCMP_SYS(sendto),       SCMP_SYS(sendmsg),        SCMP_SYS(poll),
    SCMP_SYS(ppoll),        SCMP_SYS(close),          SCMP_SYS(fcntl),
    SCMP_SYS(shutdown),     SCMP_SYS(getsockopt),     SCMP_SYS(setsockopt),
    SCMP_SYS(brk),          SCMP_SYS(mmap),           SCMP_SYS(mremap),
    SCMP_SYS(munmap),       SCMP_SYS(mprotect),       SCMP_SYS(madvise),
    SCMP_SYS(mlock),        SCMP_SYS(mlock2),         SCMP_SYS(munlock),
    SCMP_SYS(futex),        SCMP_SYS(getrandom),      SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(sysinfo),        SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday), SCMP_SYS(time),           SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),    SCMP_SYS(sched_yield),    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(tgkill),       SCMP_SYS(exit),           SCMP_SYS(exit_group),
};

static gboolean allow_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    gboolean ok = filter != NULL;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(calls); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

gboolean confine_first(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, LIMIT_CHILD_FILES) &&
           limit(RLIMIT_NPROC, 0) && (IS_SANITIZED || limit(RLIMIT_DATA, LIMIT_CHILD_DATA));
}

gboolean confine(void)
{
    return confine_first() && (IS_SANITIZED || allow_calls());
}

/* ---- postern-gss ---- */

/* What libkrb5 and the look-up of a KDC read: settings and libraries. */
static const char *const readable[] = {"/etc",
                                       "/usr",
                                       "/lib",
                                       "/lib64",
                                       "/run/resolvconf",
                                       "/run/systemd/resolve",
                                       "/var/lib/sss",
                                       "/run/NetworkManager"};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Of the first version, which Linux 5.13 and Debian 12 have. */
#define EVERYTHING (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)

static gboolean may_read(int rules, const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    const struct landlock_path_beneath_attr one = {.allowed_access = READING, .parent_fd = fd};
    gboolean ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &one, 0) == 0;
    close(fd);
    return ok;
}

/* A kernel without Landlock leaves the files to be read; none can be written (RLIMIT_FSIZE). */
static gboolean few_files(void)
{
    const struct landlock_ruleset_attr all = {.handled_access_fs = EVERYTHING};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP;
    gboolean ok = TRUE;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(readable); i++)
        ok = may_read(rules, readable[i]);
    ok = ok && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return ok;
}

/* Processes, other processes' memory, kernel keyrings, and what would lead around this list. */
static const int forbidden[] = {
    SCMP_SYS(execve),         SCMP_SYS(execveat),    SCMP_SYS(fork),
    SCMP_SYS(vfork),          SCMP_SYS(clone),       SCMP_SYS(clone3),
    SCMP_SYS(ptrace),         SCMP_SYS(kill),        SCMP_SYS(process_vm_readv),
    SCMP_SYS(pidfd_open),     SCMP_SYS(pidfd_getfd), SCMP_SYS(process_vm_writev),
    SCMP_SYS(add_key),        SCMP_SYS(keyctl),      SCMP_SYS(request_key),
    SCMP_SYS(io_uring_setup), SCMP_SYS(bpf),         SCMP_SYS(perf_event_open),
    SCMP_SYS(listen),         SCMP_SYS(accept),      SCMP_SYS(accept4),
    SCMP_SYS(chmod),          SCMP_SYS(fchmod),      SCMP_SYS(fchmodat),
    SCMP_SYS(chown),          SCMP_SYS(fchown),      SCMP_SYS(fchownat),
    SCMP_SYS(lchown),         SCMP_SYS(unshare),     SCMP_SYS(setns),
    SCMP_SYS(mount),          SCMP_SYS(truncate),    SCMP_SYS(userfaultfd),
};

/* A socket of a file leads to gpg-agent. */
static gboolean forbid_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    gboolean ok = filter != NULL;
    for (gsize i = 0; ok && i < G_N_ELEMENTS(forbidden); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0) == 0;
    ok = ok &&
         seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                          SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX)) == 0 &&
         seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

gboolean confine_ticket(void)
{
    return IS_SANITIZED || (few_files() && forbid_calls());
}
