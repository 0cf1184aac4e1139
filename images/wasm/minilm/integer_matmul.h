/* Matrix products in int16 with int32 sums. Under NaN canonicalisation every f32 operation carries
   a check, so f32 runs at a fifth of the speed of i32x4.dot_i16x8_s, which needs none. */
#ifndef INTEGER_MATMUL_H
#define INTEGER_MATMUL_H

#include <stdint.h>

#include "model.h"

enum {
  ROWS_PER_TILE = 4,
  /* The largest quantised magnitudes for which no int32 sum can overflow. */
  ROW_LIMIT = 8191,     /* 32 * 8191^2 < 2^31; a weight column's magnitudes add up to < 2^31 / 8191 */
  MIXING_LIMIT = 4095,  /* MAX_TOKENS * 4095^2 < 2^31 */
};

/* Rows of integers; row r stands for values[r][...] * scales[r]. */
typedef struct {
  int16_t values[MAX_TOKENS][HIDDEN];
  float scales[MAX_TOKENS];
} QuantizedRows;

/* Scales each row's largest magnitude to `limit` and rounds. `width` is a multiple of 8, at most
   HIDDEN; `stride` counts floats. */
void quantize_rows(QuantizedRows *to, const float *from, int stride, int rows, int width,
                   int limit);

/* out[r][n] += row r * column n, for `rows` rows (a multiple of ROWS_PER_TILE), each from its value
   `first_column` on, against `panels` of 8 columns: 2 * pairs deep and 16 * pairs integers long,
   `pairs` a multiple of 4. `out_stride` counts floats. */
typedef struct {
  const QuantizedRows *left;
  int first_column, rows;
  const int16_t *panels;
  const float *column_scales;
  int panel_count, pairs;
  float *out;
  int out_stride;
} Product;

void add_matrix_product(const Product *product);

#endif
