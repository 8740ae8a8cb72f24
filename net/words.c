/* See words.h. */
#include "net/words.h"

#include "core/text.h"

#define MOST_BYTES 200

char *server_words(const char *bytes, gsize size)
{
    g_autofree char *text = text_utf8(bytes, (gssize)MIN(size, MOST_BYTES));
    return text_field(*text ? text : "nothing");
}
