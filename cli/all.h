/*
 * all — every command, with the libraries that they need, in a shared object that main.c loads when
 * it is more than the usual search.
 */
#pragma once

#define POSTERN_ALL_FILE "postern-all.so"
#define POSTERN_ALL "postern_all"

/* The main() of it. */
int postern_all(int argc, char **argv);
