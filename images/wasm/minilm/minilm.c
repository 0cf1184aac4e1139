/* minilm: sentence embeddings by all-MiniLM-L6-v2. Input 0 is the task file (task.h), input 1 the
   packed weights (model.h); the output is 384 little-endian f32 for each paragraph: the mean over
   its tokens, at length 1. */
#include "bytes.h"
#include "fallow.h"
#include "integer_matmul.h"
#include "layers.h"
#include "task.h"
#include "vector_math.h"

enum { WEIGHTS_INPUT = 1 };

static Weights weights;
static States states;

static int header_is_right(const WeightsHeader *header) {
  static const WeightsHeader right = {
      .magic = {'F', 'M', 'L', 'M', 'W', 'T', 'S', '1'},
      .vocabulary = VOCABULARY, .hidden = HIDDEN, .layers = LAYERS, .heads = HEADS,
      .inner = FEED_FORWARD_BLOCKS * HIDDEN, .max_tokens = MAX_TOKENS};
  return same_bytes(header, &right, sizeof right);
}

static int32_t read_weights(void) {
  int64_t size_bytes = fallow_input_size(WEIGHTS_INPUT);
  int64_t right_bytes = (int64_t)sizeof weights + (int64_t)VOCABULARY * sizeof(WordRow);
  if (size_bytes < 0) return WEIGHTS_MISSING;
  if (size_bytes != right_bytes) return WEIGHTS_WRONG;
  int32_t copied = fallow_input_read(WEIGHTS_INPUT, 0, &weights, sizeof weights);
  if (copied != sizeof weights || !header_is_right(&weights.header)) return WEIGHTS_WRONG;
  return SUCCESS;
}

/* row = word + position; a host that hands over too little leaves the word a zero. */
static void embed_token(float *row, uint16_t id, const float *position) {
  static WordRow word;
  int64_t offset = (int64_t)sizeof weights + (int64_t)id * sizeof word;
  word = (WordRow){0};
  fallow_input_read(WEIGHTS_INPUT, offset, &word, sizeof word);
  for (int column = 0; column < HIDDEN; column++)
    row[column] = position[column] + word.scale * (float)word.values[column];
}

static void embed_tokens(const Paragraph *paragraph) {
  states.tokens = paragraph->count;
  states.rows = (paragraph->count + ROWS_PER_TILE - 1) / ROWS_PER_TILE * ROWS_PER_TILE;
  for (int token = 0; token < states.tokens; token++)
    embed_token(states.values[token], paragraph->ids[token], weights.positions[token]);
  for (int row = states.tokens; row < states.rows; row++)
    __builtin_memset(states.values[row], 0, sizeof states.values[row]);
  normalize(&states, &weights.embedding_norm);
}

/* The mean's own length cancels when it is brought to length 1, so the sum serves as well. */
static void write_pooled(void) {
  static float pooled[HIDDEN];
  v128_t squares = wasm_f32x4_splat(0.0f);
  for (int column = 0; column < HIDDEN; column += 4) {
    v128_t sum = wasm_f32x4_splat(0.0f);
    for (int token = 0; token < states.tokens; token++)
      sum = wasm_f32x4_add(sum, wasm_v128_load(&states.values[token][column]));
    squares = add_product(squares, sum, sum);
    wasm_v128_store(pooled + column, sum);
  }
  float length = __builtin_sqrtf(sum_of_lanes(squares));
  for (int column = 0; column < HIDDEN; column++)
    pooled[column] /= length > 1e-12f ? length : 1e-12f;
  fallow_output_write(pooled, sizeof pooled);
}

static void embed_paragraph(const Paragraph *paragraph) {
  embed_tokens(paragraph);
  for (int layer = 0; layer < LAYERS; layer++) apply_layer(&states, &weights.layers[layer]);
  write_pooled();
}

static int32_t embed_paragraphs(Task task) {
  static Paragraph paragraph;
  for (uint32_t i = 0; i < task.paragraphs; i++) {
    int32_t code = read_paragraph(&task, &paragraph);
    if (code != SUCCESS) return code;
    embed_paragraph(&paragraph);
  }
  return SUCCESS;
}

FALLOW_RUN {
  Task task;
  int32_t code = open_task(&task);
  if (code == SUCCESS) code = check_task(task);
  if (code == SUCCESS) code = read_weights();
  return code == SUCCESS ? embed_paragraphs(task) : code;
}
