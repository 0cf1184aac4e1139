;; Writes output with a length of -1, which is 4294967295 bytes.
(module
  (import "fallow" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (call $output_write (i32.const 0) (i32.const -1))
    i32.const 0))
