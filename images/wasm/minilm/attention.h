#ifndef ATTENTION_H
#define ATTENTION_H

#include "layers.h"

/* context = softmax(query key^T) value, head by head; the query already carries its scale. */
void attend(States *context, const States *query, const States *key, const States *value);

#endif
