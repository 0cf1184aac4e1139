;; Never finishes instantiating: its start function must be metered as `run` is.
(module
  (memory (export "memory") 1)
  (func $spin (loop $again (br $again)))
  (start $spin)
  (func (export "run") (result i32) i32.const 0))
