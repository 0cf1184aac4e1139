/* Fallow task ABI, version 1: all that a wasm task may ask of its host. See ../ABI.md. */
#ifndef FALLOW_H
#define FALLOW_H

#include <stdint.h>

#define FALLOW_IMPORT(name) __attribute__((import_module("fallow"), import_name(#name)))
#define FALLOW_EXPORT(name) __attribute__((export_name(#name), used))

/* How many inputs there are: input 0 is the task's own, 1.. are the job's shared ones. */
FALLOW_IMPORT(input_count) int32_t fallow_input_count(void);

/* The size of `input` in bytes, or -1 if there is no such input. */
FALLOW_IMPORT(input_size) int64_t fallow_input_size(int32_t input);

/* Copies up to `length` bytes of `input` from `offset`; returns the bytes copied, fewer at its end.
   Traps if there is no such input or if the destination leaves the memory. */
FALLOW_IMPORT(input_read)
int32_t fallow_input_read(int32_t input, int64_t offset, void *destination, int32_t length);

/* Appends to the task's output. Traps past the output limit or outside the memory. */
FALLOW_IMPORT(output_write) void fallow_output_write(const void *bytes, int32_t length);

/* Appends to the task's log, which is cut off silently at a limit and never part of the result. */
FALLOW_IMPORT(log_write) void fallow_log_write(const void *bytes, int32_t length);

/* A program defines its entry point with FALLOW_RUN { ... }: 0 is success, all else its own code. */
#define FALLOW_RUN FALLOW_EXPORT(run) int32_t run(void)

/* Or, for a program that is executed in steps, with FALLOW_STEP { ... }: FALLOW_MORE_STEPS while there
   is more to do, then 0. Compile with -mmutable-globals -Wl,--export=__stack_pointer. */
#define FALLOW_MORE_STEPS 1
#define FALLOW_STEP FALLOW_EXPORT(step) int32_t step(void)

#endif
