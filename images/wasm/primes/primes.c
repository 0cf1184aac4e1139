/* How many primes lie below input 0, a u32 (little endian): the output is one too. It sieves in steps, so
   that a dispute about it can be narrowed down to a stretch of its execution. */
#include "fallow.h"

enum { LARGEST_LIMIT = 10000000, CHUNK = 1 << 16 };
enum { DONE = 0, INPUT_MISSING = 2, LIMIT_TOO_LARGE = 3 };

static uint8_t composites[LARGEST_LIMIT / 8 + 1];
static uint32_t limit, divisor, counted, primes;

static int32_t begin(void) {
  if (fallow_input_read(0, 0, &limit, sizeof limit) != sizeof limit) return INPUT_MISSING;
  if (limit > LARGEST_LIMIT) return LIMIT_TOO_LARGE;
  divisor = counted = 2;
  return FALLOW_MORE_STEPS;
}

static int is_composite(uint32_t n) { return composites[n / 8] >> n % 8 & 1; }

static void strike_multiples(void) {
  if (!is_composite(divisor))
    for (uint32_t i = divisor * divisor; i < limit; i += divisor) composites[i / 8] |= 1 << i % 8;
  divisor++;
}

static void count_chunk(void) {
  for (uint32_t end = counted + CHUNK; counted < end && counted < limit; counted++)
    primes += !is_composite(counted);
}

FALLOW_STEP {
  if (divisor == 0) return begin();
  if (divisor * divisor < limit) {
    strike_multiples();
  } else if (counted < limit) {
    count_chunk();
  } else {
    fallow_output_write(&primes, sizeof primes);
    return DONE;
  }
  return FALLOW_MORE_STEPS;
}
