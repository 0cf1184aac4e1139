/* textstats: counts of a UTF-8 text, as canonical JSON (RFC 8785).
 *
 * characters   Unicode scalar values
 * words        longest runs without ASCII white space (space, \t, \n, \v, \f, \r)
 * lines        line feeds, plus one if text follows the last of them
 * longest_line_characters   without its line feed
 */
#include "fallow.h"
#include "utf8.h"

enum { CHUNK_BYTES = 1 << 16, JSON_BYTES = 256 };
enum { SUCCESS = 0, INPUT_MISSING = 1, INPUT_NOT_UTF8 = 2 };

typedef struct {
  uint64_t bytes, characters, words, lines, longest_line_characters;
  uint64_t line_characters;
  int inside_word;
} Counts;

typedef struct {
  char text[JSON_BYTES];
  int32_t length;
} Json;

static uint8_t chunk[CHUNK_BYTES];

static int is_white_space(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static void end_line(Counts *counts) {
  counts->lines++;
  if (counts->line_characters > counts->longest_line_characters)
    counts->longest_line_characters = counts->line_characters;
  counts->line_characters = 0;
}

/* Counts one byte; a character is counted at its first byte. */
static void count_byte(Counts *counts, uint8_t byte) {
  counts->bytes++;
  if (utf8_is_continuation(byte)) return;
  counts->characters++;
  int inside_word = !is_white_space(byte);
  counts->words += inside_word && !counts->inside_word;
  counts->inside_word = inside_word;
  if (byte == '\n')
    end_line(counts);
  else
    counts->line_characters++;
}

static int32_t count_input(Counts *counts) {
  Utf8 utf8 = utf8_start();
  for (int64_t offset = 0;;) {
    int32_t copied = fallow_input_read(0, offset, chunk, CHUNK_BYTES);
    if (copied <= 0) break;
    for (int32_t i = 0; i < copied; i++) {
      if (!utf8_accepts(&utf8, chunk[i])) return INPUT_NOT_UTF8;
      count_byte(counts, chunk[i]);
    }
    offset += copied;
  }
  if (!utf8_is_whole(&utf8)) return INPUT_NOT_UTF8;
  if (counts->line_characters > 0) end_line(counts);
  return SUCCESS;
}

static void append_text(Json *json, const char *text) {
  while (*text) json->text[json->length++] = *text++;
}

static void append_number(Json *json, uint64_t number) {
  char digits[20];
  int32_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count > 0) json->text[json->length++] = digits[--count];
}

/* Five names of at most 26 characters and five numbers of at most 20 digits: within JSON_BYTES. */
static void write_counts(const Counts *counts) {
  Json json = {.length = 0};
  append_text(&json, "{\"bytes\":");
  append_number(&json, counts->bytes);
  append_text(&json, ",\"characters\":");
  append_number(&json, counts->characters);
  append_text(&json, ",\"lines\":");
  append_number(&json, counts->lines);
  append_text(&json, ",\"longest_line_characters\":");
  append_number(&json, counts->longest_line_characters);
  append_text(&json, ",\"words\":");
  append_number(&json, counts->words);
  append_text(&json, "}");
  fallow_output_write(json.text, json.length);
}

FALLOW_RUN {
  Counts counts = {0};
  if (fallow_input_size(0) < 0) return INPUT_MISSING;
  int32_t code = count_input(&counts);
  if (code == SUCCESS) write_counts(&counts);
  return code;
}
