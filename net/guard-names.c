/*
 * See guard-state.h: NAMESPACE, of which the first string of each entry is a prefix. A prefix that
 * comes as a literal is left out, as is one that is too long: then it is not listed. One more than
 * the limit is kept, by which it is seen that there are more.
 */
#include "net/guard-state.h"

#include "core/limits.h"

static void string_over(GuardScan *scan)
{
    if (scan->keeping && scan->kept->len > 0 && scan->kept->len <= LIMIT_MAILBOX_NAME &&
        scan->prefixes->len <= LIMIT_NAMESPACES)
        g_ptr_array_add(scan->prefixes, g_strdup(scan->kept->str));
    scan->keeping = FALSE;
    g_string_truncate(scan->kept, 0);
}

gboolean scan_namespace(GuardScan *scan, guint8 byte, GError **error)
{
    string_over(scan);
    if (byte == ' ' && scan->depth == 0)
        scan->field++;
    if (byte != '"' && byte != '{')
        return scan_data(scan, byte, error);
    scan->keeping = byte == '"' && scan->field > 0 && scan->depth == 2 && scan->before == '(';
    return scan_open_string(scan, byte, scan_namespace, error);
}
