;; Asks the right module for a function that the ABI does not have.
(module
  (import "fallow" "clock_read" (func $clock_read (result i64)))
  (memory (export "memory") 1)
  (func (export "run") (result i32) (i32.wrap_i64 (call $clock_read))))
