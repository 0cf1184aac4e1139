#include "layers.h"

#include "attention.h"
#include "integer_matmul.h"
#include "vector_math.h"

static QuantizedRows quantized_states, quantized_inner;
static States query, key, value, context, inner;

static void normalize_row(float *row, const Norm *norm) {
  v128_t sum = wasm_f32x4_splat(0.0f), squares = sum;
  for (int column = 0; column < HIDDEN; column += 4)
    sum = wasm_f32x4_add(sum, wasm_v128_load(row + column));
  v128_t mean = wasm_f32x4_splat(sum_of_lanes(sum) / HIDDEN);
  for (int column = 0; column < HIDDEN; column += 4) {
    v128_t centred = wasm_f32x4_sub(wasm_v128_load(row + column), mean);
    squares = add_product(squares, centred, centred);
  }
  float variance = sum_of_lanes(squares) / HIDDEN;
  v128_t factor = wasm_f32x4_splat(1.0f / __builtin_sqrtf(variance + 1e-12f));
  for (int column = 0; column < HIDDEN; column += 4) {
    v128_t centred = wasm_f32x4_sub(wasm_v128_load(row + column), mean);
    v128_t scaled = wasm_f32x4_mul(centred, factor);
    wasm_v128_store(row + column, add_product(wasm_v128_load(norm->bias + column), scaled,
                                              wasm_v128_load(norm->gain + column)));
  }
}

void normalize(States *states, const Norm *norm) {
  for (int row = 0; row < states->rows; row++) normalize_row(states->values[row], norm);
}

static void add_bias(States *states, const float *bias) {
  for (int row = 0; row < states->rows; row++)
    for (int column = 0; column < HIDDEN; column++) states->values[row][column] += bias[column];
}

static void set_to_bias(States *states, int tokens, int rows, const float *bias) {
  states->tokens = tokens;
  states->rows = rows;
  for (int row = 0; row < rows; row++)
    for (int column = 0; column < HIDDEN; column++) states->values[row][column] = bias[column];
}

static void quantize_states(QuantizedRows *to, const States *states) {
  quantize_rows(to, &states->values[0][0], HIDDEN, states->rows, HIDDEN, ROW_LIMIT);
}

static void add_block_product(States *out, const QuantizedRows *left, const Block *block) {
  add_matrix_product(&(Product){
      .left = left, .rows = out->rows,
      .panels = &block->panels[0][0][0], .column_scales = block->scales,
      .panel_count = HIDDEN / PANEL_COLUMNS, .pairs = HIDDEN / 2,
      .out = &out->values[0][0], .out_stride = HIDDEN});
}

static void project(States *out, const States *shape, const Block *block, const float *bias) {
  set_to_bias(out, shape->tokens, shape->rows, bias);
  add_block_product(out, &quantized_states, block);
}

static void apply_attention(States *states, const Layer *layer) {
  quantize_states(&quantized_states, states);
  project(&query, states, &layer->query, layer->query_bias);
  project(&key, states, &layer->key, layer->key_bias);
  project(&value, states, &layer->value, layer->value_bias);
  attend(&context, &query, &key, &value);
  quantize_states(&quantized_inner, &context);
  add_bias(states, layer->output_bias);
  add_block_product(states, &quantized_inner, &layer->output);
  normalize(states, &layer->attention_norm);
}

static void apply_gelu(States *states) {
  for (int row = 0; row < states->rows; row++)
    for (int column = 0; column < HIDDEN; column += 4) {
      float *place = &states->values[row][column];
      wasm_v128_store(place, gelu_f32x4(wasm_v128_load(place)));
    }
}

/* The inner width is taken a block at a time, so that every product in the model is 384 deep. */
static void apply_feed_forward(States *states, const Layer *layer) {
  quantize_states(&quantized_states, states);
  add_bias(states, layer->fall_bias);
  for (int block = 0; block < FEED_FORWARD_BLOCKS; block++) {
    project(&inner, states, &layer->rise[block], layer->rise_bias[block]);
    apply_gelu(&inner);
    quantize_states(&quantized_inner, &inner);
    add_block_product(states, &quantized_inner, &layer->fall[block]);
  }
  normalize(states, &layer->feed_forward_norm);
}

void apply_layer(States *states, const Layer *layer) {
  apply_attention(states, layer);
  apply_feed_forward(states, layer);
}
