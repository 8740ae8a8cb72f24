/* bytes-source — bytes in memory as a Source. */
#pragma once

#include "core/stream.h"

/* Reads BYTES, of which it keeps a reference. */
Source *source_from_bytes(GBytes *bytes);
