#include "task.h"

#include "bytes.h"
#include "fallow.h"

typedef struct {
  char magic[8];
  uint32_t paragraphs;
} __attribute__((packed)) TaskHeader;

/* Reads exactly `length` bytes, or says that the file ends too soon. */
static int32_t read_next(Task *task, void *to, int32_t length) {
  if (task->size_bytes - task->offset < length) return TASK_TRUNCATED;
  if (fallow_input_read(0, task->offset, to, length) != length) return TASK_TRUNCATED;
  task->offset += length;
  return SUCCESS;
}

int32_t open_task(Task *task) {
  TaskHeader header;
  *task = (Task){.size_bytes = fallow_input_size(0)};
  if (task->size_bytes < 0) return TASK_MISSING;
  if (read_next(task, &header, sizeof header) != SUCCESS) return TASK_HEADER_WRONG;
  if (!same_bytes(header.magic, "FMLMTSK1", 8)) return TASK_HEADER_WRONG;
  task->paragraphs = header.paragraphs;
  return SUCCESS;
}

int32_t read_paragraph(Task *task, Paragraph *paragraph) {
  int32_t code = read_next(task, &paragraph->count, sizeof paragraph->count);
  if (code != SUCCESS) return code;
  if (paragraph->count < 1 || paragraph->count > MAX_TOKENS) return TOKEN_COUNT_WRONG;
  code = read_next(task, paragraph->ids, paragraph->count * (int32_t)sizeof paragraph->ids[0]);
  if (code != SUCCESS) return code;
  for (int token = 0; token < paragraph->count; token++)
    if (paragraph->ids[token] >= VOCABULARY) return TOKEN_ID_WRONG;
  return SUCCESS;
}

int32_t check_task(Task task) {
  Paragraph paragraph;
  for (uint32_t i = 0; i < task.paragraphs; i++) {
    int32_t code = read_paragraph(&task, &paragraph);
    if (code != SUCCESS) return code;
  }
  return task.offset == task.size_bytes ? SUCCESS : TASK_TRAILING_BYTES;
}
