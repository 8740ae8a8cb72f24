/* See roll.h. */
#include "net/roll.h"

#include <stdlib.h>

struct Roll {
    guint8 *numbers; /* a bit each */
    guint64 *ids;    /* hashes */
    guint32 n;
};

Roll *roll_new(guint32 exists)
{
    Roll *roll = g_new0(Roll, 1);
    roll->numbers = g_malloc0(exists / 8 + 1);
    roll->ids = g_new(guint64, exists);
    return roll;
}

void roll_free(Roll *roll)
{
    if (roll == NULL)
        return;
    g_free(roll->numbers);
    g_free(roll->ids);
    g_free(roll);
}

/* FNV-1a, 64 bits: equal ids always meet, different ones as good as never. */
static guint64 hash_of(const char *id)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (; *id; id++)
        hash = (hash ^ (guint8)*id) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

void roll_add(Roll *roll, guint32 number, const char *id)
{
    roll->numbers[number / 8] |= (guint8)(1 << number % 8);
    roll->ids[roll->n++] = hash_of(id);
}

gboolean roll_has(const Roll *roll, guint32 number)
{
    return (roll->numbers[number / 8] >> (number % 8)) & 1;
}

static int compare(const void *a, const void *b)
{
    guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;
    return (left > right) - (left < right);
}

gboolean roll_unique(Roll *roll)
{
    if (roll->n > 1) /* qsort() takes no NULL, which an empty roll has */
        qsort(roll->ids, roll->n, sizeof *roll->ids, compare);
    for (guint32 i = 1; i < roll->n; i++)
        if (roll->ids[i] == roll->ids[i - 1])
            return FALSE;
    return TRUE;
}
