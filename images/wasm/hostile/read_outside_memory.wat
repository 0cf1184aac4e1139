;; Reads input 0 to a place past the end of its memory.
(module
  (import "fallow" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (call $input_read (i32.const 0) (i64.const 0) (i32.const -8) (i32.const 16))))
