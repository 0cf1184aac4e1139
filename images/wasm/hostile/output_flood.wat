;; Writes output without end, 64 KiB at a time.
(module
  (import "fallow" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (loop $again
      (call $output_write (i32.const 0) (i32.const 65536))
      (br $again))
    unreachable))
