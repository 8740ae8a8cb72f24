/*
 * replay — runs a fuzz target over its corpus, tests/corpus/<name>/, and over every prefix of
 * the shorter samples. A crash or a sanitizer's report is the failure; TAP on stdout.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Samples up to this size are also cut at each byte. */
#define CUT_BYTES 2048

static void run_sample(const char *path)
{
    g_autofree char *data = NULL;
    gsize size;
    if (!g_file_get_contents(path, &data, &size, NULL))
        g_error("cannot read %s", path);
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    for (gsize cut = 0; size <= CUT_BYTES && cut < size; cut++) {
        /* An exact copy, so that a sanitizer sees a read past the end. */
        g_autofree char *prefix = g_memdup2(data, cut);
        LLVMFuzzerTestOneInput((const uint8_t *)prefix, cut);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    g_autofree char *name = g_path_get_basename(argv[0]);
    const char *bare = g_str_has_prefix(name, "fuzz-") ? name + 5 : name;
    const char *srcdir = g_getenv("srcdir");
    g_autofree char *dir = g_build_filename(srcdir ? srcdir : ".", "tests", "corpus", bare, NULL);
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    guint samples = 0;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (const char *entry; open && (entry = g_dir_read_name(open)); samples++) {
        g_autofree char *path = g_build_filename(dir, entry, NULL);
        run_sample(path);
    }
    printf("1..1\n%s 1 - %s: %u samples and their prefixes\n", samples > 0 ? "ok" : "not ok", bare,
           samples);
    return samples > 0 ? 0 : 1;
}
