/* noop: the output is a copy of input 0. It measures what everything around a task costs. */
#include "fallow.h"

enum { CHUNK_BYTES = 1 << 16, LARGEST_INPUT_BYTES = 1 << 20 };
enum { SUCCESS = 0, INPUT_MISSING = 1, INPUT_TOO_LARGE = 2 };

static uint8_t chunk[CHUNK_BYTES];

FALLOW_RUN {
  int64_t size_bytes = fallow_input_size(0);
  if (size_bytes < 0) return INPUT_MISSING;
  if (size_bytes > LARGEST_INPUT_BYTES) return INPUT_TOO_LARGE;
  for (int64_t offset = 0; offset < size_bytes;) {
    int32_t copied = fallow_input_read(0, offset, chunk, CHUNK_BYTES);
    if (copied <= 0) return INPUT_MISSING;
    fallow_output_write(chunk, copied);
    offset += copied;
  }
  return SUCCESS;
}
