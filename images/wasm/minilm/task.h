/* The task file, version 1: "FMLMTSK1", u32 paragraphs, then for each a u16 count of 1..128 tokens
   and that many u16 token ids below 30522. Little-endian, without padding. */
#ifndef TASK_H
#define TASK_H

#include <stdint.h>

#include "model.h"

enum {
  SUCCESS = 0,
  TASK_MISSING = 1,
  TASK_HEADER_WRONG = 2,
  TASK_TRUNCATED = 3,
  TASK_TRAILING_BYTES = 4,
  TOKEN_COUNT_WRONG = 5,
  TOKEN_ID_WRONG = 6,
  WEIGHTS_MISSING = 7,
  WEIGHTS_WRONG = 8,
};

typedef struct {
  int64_t offset, size_bytes;
  uint32_t paragraphs;
} Task;

typedef struct {
  uint16_t count;
  uint16_t ids[MAX_TOKENS];
} Paragraph;

int32_t open_task(Task *task);
int32_t read_paragraph(Task *task, Paragraph *paragraph);

/* Walks the whole file, so that a bad one costs nothing and leaves no output. */
int32_t check_task(Task task);

#endif
