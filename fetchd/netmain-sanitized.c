/*
 * Built with --enable-sanitizers only: the net child has no environment to take options from,
 * and its leak check would need ptrace, which a process that is not dumpable refuses.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0:log_path=/tmp/postern-net-asan";
}
