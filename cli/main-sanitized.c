/*
 * postern with sanitizers: all of it in one program. LeakSanitizer of GCC 12 at times falls over
 * ("Tracer caught signal 11") in a process that loaded a library with thread-local storage.
 */
#include "cli/all.h"

int main(int argc, char **argv)
{
    return postern_all(argc, argv);
}
