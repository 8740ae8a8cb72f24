/* See doctor.h: what lies on the disk is nobody else's. */
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "core/error.h"
#include "core/paths.h"
#include "core/text.h"
#include "store/files.h"
#include "store/matchkey.h"

/* Looks only: path_private_directory() would make what is missing. */
static gboolean directory_private(const char *dir, GError **error)
{
    struct stat facts;
    g_autofree char *shown = text_name(dir);
    if (lstat(dir, &facts) != 0)
        return refuse(error, POSTERN_ERROR_STORE, "store.permissions",
                      "run 'postern init', or name the store with --store",
                      "%s cannot be looked at", shown);
    return path_private_directory(dir, error);
}

/* DIR and every file in it whose name ends in SUFFIX; the first fault. */
static gboolean all_private(const char *dir, const char *suffix, GError **error)
{
    g_autoptr(GDir) files = directory_private(dir, error) ? g_dir_open(dir, 0, NULL) : NULL;
    if (files == NULL)
        return *error == NULL && refuse(error, POSTERN_ERROR_STORE, "store.permissions",
                                        "chmod 700 it", "%s cannot be read", dir);
    for (const char *name = g_dir_read_name(files); name; name = g_dir_read_name(files)) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_str_has_suffix(name, suffix) &&
            !store_file_private(path, POSTERN_ERROR_STORE, "store.permissions", error))
            return FALSE;
    }
    return TRUE;
}

static void judge_match_key(Doctor *doctor)
{
    Context *context = doctor->context;
    g_autofree char *dir = path_state();
    g_autofree char *subject = text_name(dir);
    g_autoptr(GError) failure = NULL;
    if (!all_private(dir, ".match", &failure)) {
        doctor_failure(doctor, RULE_MATCHKEY_PERMISSIONS, subject, failure);
    } else if (context->vault == NULL) {
        doctor_skip(doctor, RULE_MATCHKEY_PERMISSIONS, subject, "the store cannot be opened",
                    "mend the store first");
    } else {
        context->match_key = matchkey_load(context->vault, &failure);
        doctor_outcome(doctor, RULE_MATCHKEY_PERMISSIONS, subject, &failure);
    }
}

void doctor_store(Doctor *doctor)
{
    Context *context = doctor->context;
    g_autofree char *subject = text_name(context->store);
    g_autoptr(GError) failure = NULL;
    if (all_private(context->store, "", &failure))
        context->vault = vault_open(context->store, &failure);
    doctor_outcome(doctor, RULE_STORE_PERMISSIONS, subject, &failure);
    judge_match_key(doctor);
}
