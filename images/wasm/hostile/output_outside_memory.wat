;; Writes output from past the end of its memory.
(module
  (import "fallow" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (call $output_write (i32.const 65530) (i32.const 7))
    i32.const 0))
