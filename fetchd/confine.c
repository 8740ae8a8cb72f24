/* See confine.h. */
#include "fetchd/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

gboolean confine(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NOFILE, LIMIT_CHILD_FILES) &&
           limit(RLIMIT_NPROC, 0) &&
           (IS_SANITIZED || (limit(RLIMIT_DATA, LIMIT_CHILD_DATA) && allow_calls()));
}
