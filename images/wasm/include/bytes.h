/* The one thing these programs would want a C library for. */
#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>

static inline int same_bytes(const void *a, const void *b, uint32_t length) {
  for (uint32_t i = 0; i < length; i++)
    if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i]) return 0;
  return 1;
}

#endif
