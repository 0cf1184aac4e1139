;; Not hostile: writes the bits of NaNs that hardware makes with different signs and payloads. Under
;; NaN canonicalisation all of them are 0x7fc00000 (f32) and 0x7ff8000000000000 (f64).
(module
  (import "fallow" "output_write" (func $output_write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "\01\00\a0\ff")
  (func (export "run") (result i32)
    (local $zero32 f32) (local $zero64 f64)
    (f32.store (i32.const 0) (f32.div (local.get $zero32) (local.get $zero32)))
    (f32.store (i32.const 4) (f32.add (f32.load (i32.const 32)) (f32.const 1)))
    (f64.store (i32.const 8) (f64.div (local.get $zero64) (local.get $zero64)))
    (v128.store (i32.const 16)
      (f32x4.div (f32x4.splat (local.get $zero32)) (f32x4.splat (local.get $zero32))))
    (call $output_write (i32.const 0) (i32.const 32))
    i32.const 0))
