/* Does the index hold together, down to the page that nothing asks for? See index.h. */
#include "store/index-private.h"

#include "core/error.h"
#include "core/text.h"
#include "store/sealedvfs.h"

#define FAULTS_SHOWN 20 /* of each kind */
#define QUOTED(number) #number
#define AS_TEXT(number) QUOTED(number)

/* Damage is an answer, all else a failure. */
static gboolean fault_or_failure(Index *index, int rc, GPtrArray *faults, GError **error)
{
    g_autoptr(GError) failure = NULL;
    index_failed_by(index, rc, &failure);
    if (g_strcmp0(postern_error_rule(failure), "index.damage") == 0) {
        g_ptr_array_add(faults, g_strdup(failure->message));
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static void tell_pages(const GArray *damaged, GPtrArray *faults)
{
    for (guint i = 0; i < MIN(damaged->len, FAULTS_SHOWN); i++)
        g_ptr_array_add(
            faults, g_strdup_printf("page %u does not open", g_array_index(damaged, guint32, i)));
    if (damaged->len > FAULTS_SHOWN)
        g_ptr_array_add(faults,
                        g_strdup_printf("and %u more pages do not", damaged->len - FAULTS_SHOWN));
}

static int add_row(void *faults, int columns, char **values, char **names)
{
    (void)names;
    if (columns > 0 && g_strcmp0(values[0], "ok") != 0)
        g_ptr_array_add(faults, text_field(values[0] ? values[0] : ""));
    return 0;
}

/* Pages that are each authentic may still not fit together: an old one was put back, say. */
static gboolean check_structure(Index *index, GPtrArray *faults, GError **error)
{
    int rc = sqlite3_exec(index->db, "PRAGMA integrity_check(" AS_TEXT(FAULTS_SHOWN) ")", add_row,
                          faults, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(index->db, "INSERT INTO words(words) VALUES ('integrity-check')", NULL,
                          NULL, NULL);
    return rc == SQLITE_OK || fault_or_failure(index, rc, faults, error);
}

gboolean index_check(Index *index, guint64 *pages, GPtrArray *faults, GError **error)
{
    guint32 count;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(guint32));
    int rc = sealed_scan(index->db, &count, damaged);
    *pages = count;
    if (rc != SQLITE_OK)
        return fault_or_failure(index, rc, faults, error);
    tell_pages(damaged, faults);
    return damaged->len > 0 || check_structure(index, faults, error);
}
