/* A strict UTF-8 reader, a byte at a time (Unicode 15, table 3-7): no overlong forms, no surrogates,
   nothing past U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stdint.h>

typedef struct {
  int missing;           /* continuation bytes still to come */
  uint8_t lowest, highest; /* bounds of the next continuation byte */
} Utf8;

static inline Utf8 utf8_start(void) { return (Utf8){0, 0x80, 0xBF}; }

static inline int utf8_is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

static inline int utf8_is_whole(const Utf8 *utf8) { return utf8->missing == 0; }

static inline int utf8_starts_character(Utf8 *utf8, uint8_t byte) {
  *utf8 = utf8_start();
  if (byte < 0x80) return 1;
  if (byte < 0xC2 || byte > 0xF4) return 0;
  utf8->missing = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) utf8->lowest = 0xA0;
  if (byte == 0xED) utf8->highest = 0x9F;
  if (byte == 0xF0) utf8->lowest = 0x90;
  if (byte == 0xF4) utf8->highest = 0x8F;
  return 1;
}

/* Takes the next byte of a text; 0 once no text can go on this way. */
static inline int utf8_accepts(Utf8 *utf8, uint8_t byte) {
  if (utf8->missing == 0) return utf8_starts_character(utf8, byte);
  if (byte < utf8->lowest || byte > utf8->highest) return 0;
  *utf8 = (Utf8){utf8->missing - 1, 0x80, 0xBF};
  return 1;
}

#endif
