#ifndef LAYERS_H
#define LAYERS_H

#include "model.h"

/* One paragraph's vectors, a row for each token. Rows from `tokens` up to `rows` (the next multiple
   of ROWS_PER_TILE) only fill the last tile: they are computed and never looked at. */
typedef struct {
  float values[MAX_TOKENS][HIDDEN];
  int tokens, rows;
} States;

/* Layer normalisation of every row, in place (epsilon 1e-12). */
void normalize(States *states, const Norm *norm);

/* One transformer layer of BERT, in place. */
void apply_layer(States *states, const Layer *layer);

#endif
