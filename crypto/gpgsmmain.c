/*
 * postern-gpgsm, postern-gpgsm-quiet — gpgsm that calls nobody. GPGME 1.18 tells gpgsm to stay
 * offline only where it lists keys; to verify a signature it would have dirmngr call the CRL and
 * OCSP servers that a stranger's certificate names. The quiet one, which verifies, asks nobody at
 * this machine either: to read a letter must not put the question whether to trust its sender's CA
 * for ever. It also opens what is enveloped, where there is nobody to be asked. Started by GPGME in
 * the place of gpgsm.
 */
#include <unistd.h>

static const char *const before[] = {
    "gpgsm",
    "--disable-dirmngr",
#ifdef QUIET
    "--pinentry-mode=cancel",
#endif
};

#define BEFORE (sizeof before / sizeof *before)
#define ARGUMENTS 256 /* more than GPGME gives */

int main(int argc, char **argv)
{
    char *with[BEFORE + ARGUMENTS] = {0};
    for (size_t i = 0; i < BEFORE; i++)
        with[i] = (char *)before[i];
    for (int i = 1; i < argc; i++) {
        if (i >= ARGUMENTS)
            return 2;
        with[BEFORE + (size_t)i - 1] = argv[i];
    }
    execvp(with[0], with);
    return 2;
}
