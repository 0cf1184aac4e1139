;; Asks for a function of the ABI by a type that is not its own.
(module
  (import "fallow" "input_count" (func $input_count (result i64)))
  (memory (export "memory") 1)
  (func (export "run") (result i32) (i32.wrap_i64 (call $input_count))))
