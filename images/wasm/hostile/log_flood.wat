;; Logs 64 KiB 4096 times, then writes "done" and succeeds: a log that is full must not stop a task.
(module
  (import "fallow" "log_write" (func $log_write (param i32 i32)))
  (import "fallow" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "done")
  (func (export "run") (result i32)
    (local $left i32)
    (local.set $left (i32.const 4096))
    (loop $again
      (call $log_write (i32.const 0) (i32.const 65536))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $output_write (i32.const 0) (i32.const 4))
    i32.const 0))
