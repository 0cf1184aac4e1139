#include "integer_matmul.h"

#include "vector_math.h"

enum { PANEL_VECTORS = PANEL_COLUMNS / 4, PAIRS_PER_STEP = 4 };

/* A row whose magnitudes are all below this is taken as zero: its scale would leave f32's range. */
static const float SMALLEST_ROW = 1e-30f;

static float largest_magnitude(const float *row, int width) {
  v128_t largest = wasm_f32x4_splat(0.0f);
  for (int column = 0; column < width; column += 4)
    largest = wasm_f32x4_pmax(largest, wasm_f32x4_abs(wasm_v128_load(row + column)));
  return max_of_lanes(largest);
}

static void quantize_row(int16_t *to, const float *from, int width, float factor) {
  v128_t factors = wasm_f32x4_splat(factor);
  for (int column = 0; column < width; column += 8) {
    v128_t low = wasm_f32x4_mul(wasm_v128_load(from + column), factors);
    v128_t high = wasm_f32x4_mul(wasm_v128_load(from + column + 4), factors);
    wasm_v128_store(to + column,
                    wasm_i16x8_narrow_i32x4(to_nearest_i32x4(low), to_nearest_i32x4(high)));
  }
}

void quantize_rows(QuantizedRows *to, const float *from, int stride, int rows, int width,
                   int limit) {
  for (int row = 0; row < rows; row++) {
    float largest = largest_magnitude(from + row * stride, width);
    float factor = largest < SMALLEST_ROW ? 0.0f : (float)limit / largest;
    to->scales[row] = largest / (float)limit;
    quantize_row(to->values[row], from + row * stride, width, factor);
  }
}

static inline void add_scaled_sums(const v128_t sums[ROWS_PER_TILE][PANEL_VECTORS],
                                   const float *row_scales, const float *column_scales, float *out,
                                   int out_stride) {
  for (int row = 0; row < ROWS_PER_TILE; row++) {
    v128_t row_scale = wasm_v128_load32_splat(row_scales + row);
    for (int vector = 0; vector < PANEL_VECTORS; vector++) {
      float *place = out + row * out_stride + 4 * vector;
      v128_t scale = wasm_f32x4_mul(row_scale, wasm_v128_load(column_scales + 4 * vector));
      v128_t sum = wasm_f32x4_convert_i32x4(sums[row][vector]);
      wasm_v128_store(place, add_product(wasm_v128_load(place), sum, scale));
    }
  }
}

/* Adds one pair of every row, splat over a vector, times that pair of eight columns. */
#define ADD_PAIR(pair)                                                                         \
  for (int row = 0; row < ROWS_PER_TILE; row++)                                                \
    for (int vector = 0; vector < PANEL_VECTORS; vector++)                                     \
      sums[row][vector] = wasm_i32x4_add(                                                      \
          sums[row][vector],                                                                   \
          wasm_i32x4_dot_i16x8(wasm_i32x4_shuffle(left[row], left[row], pair, pair, pair, pair), \
                               wasm_v128_load(columns + 2 * PANEL_COLUMNS * pair + 8 * vector)))

/* Four rows by eight columns, four pairs a step. A row's four pairs come in one load and are splat
   by shuffles: single loads would all be live at once and push the sums out of the registers. */
static inline void sum_tile(v128_t sums[ROWS_PER_TILE][PANEL_VECTORS], const int16_t *rows,
                            const int16_t *columns, int pairs) {
  for (int row = 0; row < ROWS_PER_TILE; row++)
    for (int vector = 0; vector < PANEL_VECTORS; vector++)
      sums[row][vector] = wasm_i32x4_splat(0);
#pragma clang loop unroll(disable)
  for (int pair = 0; pair < pairs; pair += PAIRS_PER_STEP) {
    v128_t left[ROWS_PER_TILE];
    for (int row = 0; row < ROWS_PER_TILE; row++) left[row] = wasm_v128_load(rows + row * HIDDEN);
    ADD_PAIR(0);
    ADD_PAIR(1);
    ADD_PAIR(2);
    ADD_PAIR(3);
    rows += 2 * PAIRS_PER_STEP;
    columns += 2 * PANEL_COLUMNS * PAIRS_PER_STEP;
  }
}

void add_matrix_product(const Product *p) {
  for (int panel = 0; panel < p->panel_count; panel++) {
    const int16_t *columns = p->panels + panel * p->pairs * 2 * PANEL_COLUMNS;
    for (int row = 0; row < p->rows; row += ROWS_PER_TILE) {
      v128_t sums[ROWS_PER_TILE][PANEL_VECTORS];
      sum_tile(sums, p->left->values[row] + p->first_column, columns, p->pairs);
      add_scaled_sums(sums, p->left->scales + row, p->column_scales + panel * PANEL_COLUMNS,
                      p->out + row * p->out_stride + panel * PANEL_COLUMNS, p->out_stride);
    }
  }
}
