/* The shape of all-MiniLM-L6-v2 and the packed weights blob, version 1 (see README.md).
   The structs are the blob's own layout, so a weight is never moved after it is read. */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

enum {
  HIDDEN = 384,
  LAYERS = 6,
  HEADS = 12,
  HEAD_WIDTH = HIDDEN / HEADS,
  FEED_FORWARD_BLOCKS = 4, /* the inner width of 1536, in blocks of HIDDEN */
  MAX_TOKENS = 128,
  VOCABULARY = 30522,
  PANEL_COLUMNS = 8,
};

/* One 384 x 384 block of a weight matrix in kernel order: panels[n / 8][k / 2][2 * (n % 8) + k % 2].
   The weight itself is the integer times scales[n]. */
typedef struct {
  int16_t panels[HIDDEN / PANEL_COLUMNS][HIDDEN / 2][2 * PANEL_COLUMNS];
  float scales[HIDDEN];
} Block;

typedef struct {
  float gain[HIDDEN], bias[HIDDEN];
} Norm;

typedef struct {
  Block query, key, value, output; /* query and its bias carry the 1 / sqrt(HEAD_WIDTH) */
  Block rise[FEED_FORWARD_BLOCKS], fall[FEED_FORWARD_BLOCKS];
  float query_bias[HIDDEN], key_bias[HIDDEN], value_bias[HIDDEN], output_bias[HIDDEN];
  float rise_bias[FEED_FORWARD_BLOCKS][HIDDEN], fall_bias[HIDDEN];
  Norm attention_norm, feed_forward_norm;
} Layer;

typedef struct {
  char magic[8];
  uint32_t vocabulary, hidden, layers, heads, inner, max_tokens;
  uint32_t reserved[8];
} WeightsHeader;

/* The part of the blob that is read whole. */
typedef struct {
  WeightsHeader header;
  float positions[MAX_TOKENS][HIDDEN]; /* with the embedding of token type 0 added */
  Norm embedding_norm;
  Layer layers[LAYERS];
} Weights;

/* The rest of the blob: one row for each word, read when a paragraph has that word. */
typedef struct {
  float scale;
  int16_t values[HIDDEN];
} WordRow;

_Static_assert(sizeof(WeightsHeader) == 64, "header layout");
_Static_assert(sizeof(WordRow) == 772, "word row layout");
_Static_assert(sizeof(Weights) % 16 == 0, "vectors stay aligned");

#endif
