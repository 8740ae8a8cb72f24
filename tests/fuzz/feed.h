/* feed — a channel in clear from which given bytes come, and then the end. For fuzz targets. */
#pragma once

#include "net/tls.h"

/* Sizes that feed_channel() takes: what a socket pair holds without a reader. */
#define FEED_BYTES (128 * 1024)

/* NULL when SIZE is too large or there are no sockets. */
Channel *feed_channel(const guint8 *bytes, gsize size);
