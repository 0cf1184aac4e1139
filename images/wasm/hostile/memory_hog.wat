;; Grows its memory by 1 MiB a step until it is refused, touching each step; then returns 9.
(module
  (memory (export "memory") 1)
  (func (export "run") (result i32)
    (local $pages i32)
    (loop $again
      (local.set $pages (memory.grow (i32.const 16)))
      (if (i32.ne (local.get $pages) (i32.const -1))
        (then
          (i32.store (i32.shl (local.get $pages) (i32.const 16)) (i32.const 1))
          (br $again))))
    i32.const 9))
