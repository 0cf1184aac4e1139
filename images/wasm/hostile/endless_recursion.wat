;; Uses up the stack.
(module
  (memory (export "memory") 1)
  (func $dive (export "run") (result i32) (i32.add (call $dive) (i32.const 1))))
