#include "attention.h"

#include "integer_matmul.h"
#include "vector_math.h"

enum { TOKEN_PANELS = MAX_TOKENS / PANEL_COLUMNS };

static QuantizedRows queries, keys, values, mixing;
static int16_t key_panels[TOKEN_PANELS][HEAD_WIDTH / 2][2 * PANEL_COLUMNS];
static int16_t value_panels[MAX_TOKENS * HEAD_WIDTH];
static float scores[MAX_TOKENS][MAX_TOKENS];

static int round_up_to_panel(int tokens) {
  return (tokens + PANEL_COLUMNS - 1) / PANEL_COLUMNS * PANEL_COLUMNS;
}

/* Clears what an earlier paragraph left past `rows`, up to the next whole panel of tokens. */
static void quantize_tokens(QuantizedRows *to, const States *from, int limit) {
  quantize_rows(to, &from->values[0][0], HIDDEN, from->rows, HIDDEN, limit);
  for (int row = from->rows; row < round_up_to_panel(from->rows); row++) {
    to->scales[row] = 0.0f;
    __builtin_memset(to->values[row], 0, sizeof to->values[row]);
  }
}

/* Keys become columns: key_panels[token / 8][d / 2][2 * (token % 8) + d % 2]. */
static void pack_keys(int head, int tokens_in_panels) {
  for (int token = 0; token < tokens_in_panels; token++) {
    const int16_t *from = keys.values[token] + head * HEAD_WIDTH;
    int16_t(*panel)[2 * PANEL_COLUMNS] = key_panels[token / PANEL_COLUMNS];
    for (int pair = 0; pair < HEAD_WIDTH / 2; pair++)
      __builtin_memcpy(&panel[pair][2 * (token % PANEL_COLUMNS)], from + 2 * pair, 4);
  }
}

/* Values stay rows, two tokens interleaved: value_panels[d / 8][token / 2][2 * (d % 8) + token % 2]. */
static void pack_values(int head, int tokens_in_panels) {
  int16_t *to = value_panels;
  for (int column = head * HEAD_WIDTH; column < (head + 1) * HEAD_WIDTH; column += PANEL_COLUMNS)
    for (int token = 0; token < tokens_in_panels; token += 2, to += 2 * PANEL_COLUMNS) {
      v128_t even = wasm_v128_load(&values.values[token][column]);
      v128_t odd = wasm_v128_load(&values.values[token + 1][column]);
      wasm_v128_store(to, wasm_i16x8_shuffle(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
      wasm_v128_store(to + 8, wasm_i16x8_shuffle(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
    }
}

static void score(int head, const States *query, int tokens_in_panels) {
  for (int row = 0; row < query->rows; row++)
    __builtin_memset(scores[row], 0, sizeof(float) * tokens_in_panels);
  add_matrix_product(&(Product){
      .left = &queries, .first_column = head * HEAD_WIDTH, .rows = query->rows,
      .panels = &key_panels[0][0][0], .column_scales = keys.scales,
      .panel_count = tokens_in_panels / PANEL_COLUMNS, .pairs = HEAD_WIDTH / 2,
      .out = &scores[0][0], .out_stride = MAX_TOKENS});
}

/* Replaces a row of scores by e^(score - largest) times each value row's scale, and returns the sum
   of the exponentials. Columns past `tokens` come out zero, for their values' scales are. */
static float exponentiate(float *row, int tokens, int tokens_in_panels) {
  for (int token = tokens; token < tokens_in_panels; token++) row[token] = -1e30f;
  v128_t largest = wasm_v128_load(row);
  for (int token = 4; token < tokens_in_panels; token += 4)
    largest = wasm_f32x4_pmax(largest, wasm_v128_load(row + token));
  largest = wasm_f32x4_splat(max_of_lanes(largest));
  v128_t sum = wasm_f32x4_splat(0.0f);
  for (int token = 0; token < tokens_in_panels; token += 4) {
    v128_t power = exp_f32x4(wasm_f32x4_sub(wasm_v128_load(row + token), largest));
    sum = wasm_f32x4_add(sum, power);
    wasm_v128_store(row + token, wasm_f32x4_mul(power, wasm_v128_load(values.scales + token)));
  }
  return sum_of_lanes(sum);
}

/* Turns the scores into quantised rows of `mixing`: the softmax, times the values' scales. */
static void mix(const States *query, int tokens_in_panels) {
  float sums[MAX_TOKENS];
  for (int row = 0; row < query->rows; row++)
    sums[row] = exponentiate(scores[row], query->tokens, tokens_in_panels);
  quantize_rows(&mixing, &scores[0][0], MAX_TOKENS, query->rows, tokens_in_panels, MIXING_LIMIT);
  for (int row = 0; row < query->rows; row++) mixing.scales[row] /= sums[row];
}

static void add_values(States *context, int head, int tokens_in_panels) {
  static const float ones[HEAD_WIDTH] = {[0 ... HEAD_WIDTH - 1] = 1.0f};
  for (int row = 0; row < context->rows; row++)
    __builtin_memset(context->values[row] + head * HEAD_WIDTH, 0, sizeof(float) * HEAD_WIDTH);
  add_matrix_product(&(Product){
      .left = &mixing, .rows = context->rows,
      .panels = value_panels, .column_scales = ones,
      .panel_count = HEAD_WIDTH / PANEL_COLUMNS, .pairs = tokens_in_panels / 2,
      .out = &context->values[0][head * HEAD_WIDTH], .out_stride = HIDDEN});
}

void attend(States *context, const States *query, const States *key, const States *value) {
  int tokens_in_panels = round_up_to_panel(query->tokens);
  context->tokens = query->tokens;
  context->rows = query->rows;
  quantize_tokens(&queries, query, ROW_LIMIT);
  quantize_tokens(&keys, key, ROW_LIMIT);
  quantize_tokens(&values, value, MIXING_LIMIT);
  for (int row = query->tokens; row < tokens_in_panels; row++) values.scales[row] = 0.0f;
  for (int head = 0; head < HEADS; head++) {
    pack_keys(head, tokens_in_panels);
    pack_values(head, tokens_in_panels);
    score(head, query, tokens_in_panels);
    mix(query, tokens_in_panels);
    add_values(context, head, tokens_in_panels);
  }
}
