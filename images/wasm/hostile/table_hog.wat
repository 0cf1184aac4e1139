;; Grows a table without end, which no limit on memory alone would stop; returns 9 when refused.
(module
  (memory (export "memory") 1)
  (table $hog 0 funcref)
  (func (export "run") (result i32)
    (loop $again
      (br_if $again (i32.ne (table.grow $hog (ref.null func) (i32.const 65536)) (i32.const -1))))
    i32.const 9))
