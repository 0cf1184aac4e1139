/* f32x4 functions out of IEEE operations that wasm defines exactly: the same bits on every host. */
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include <wasm_simd128.h>

static inline v128_t add_product(v128_t sum, v128_t a, v128_t b) {
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
}

static inline float sum_of_lanes(v128_t x) {
  return (wasm_f32x4_extract_lane(x, 0) + wasm_f32x4_extract_lane(x, 1)) +
         (wasm_f32x4_extract_lane(x, 2) + wasm_f32x4_extract_lane(x, 3));
}

static inline float max_of_lanes(v128_t x) {
  x = wasm_f32x4_pmax(x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
  x = wasm_f32x4_pmax(x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(x, 0);
}

/* The nearest integers (ties to even) of lanes within +-2^22. 1.5 * 2^23 has one unit in its last
   place, so adding it rounds, and its bits then count in integers: cheaper than trunc_sat. */
static inline v128_t to_nearest_i32x4(v128_t x) {
  v128_t shifter = wasm_f32x4_splat(12582912.0f);
  return wasm_i32x4_sub(wasm_f32x4_add(x, shifter), shifter);
}

static inline v128_t polynomial(v128_t x, const float *coefficients, int degree) {
  v128_t sum = wasm_f32x4_splat(coefficients[degree]);
  for (int power = degree - 1; power >= 0; power--)
    sum = add_product(wasm_f32x4_splat(coefficients[power]), sum, x);
  return sum;
}

/* e^x for x <= 0, within 2e-7 of its value; below -87 it stays at e^-87. */
static inline v128_t exp_f32x4(v128_t x) {
  /* Minimax fit of 2^f on [-1/2, 1/2], relative error 8e-8. */
  static const float fit[] = {1.00000008f,  0.693147225f,   0.240221074f,
                              0.055502973f, 0.00967603636f, 0.00134100049f};
  v128_t power = wasm_f32x4_mul(wasm_f32x4_pmax(x, wasm_f32x4_splat(-87.0f)),
                                wasm_f32x4_splat(1.44269504f));
  v128_t whole = to_nearest_i32x4(power);
  v128_t rest = wasm_f32x4_sub(power, wasm_f32x4_convert_i32x4(whole));
  return wasm_i32x4_add(polynomial(rest, fit, 5), wasm_i32x4_shl(whole, 23));
}

/* The exact (erf) GELU within 2e-6: gelu(x) = max(x, 0) - h(|x|), where h(y) = y (1 - Phi(y)) is a
   small bump that has died away at y = 5. */
static inline v128_t gelu_f32x4(v128_t x) {
  /* Minimax fit of h(2.5 (u + 1)) on [-1, 1], absolute error 1.2e-6. */
  static const float fit[] = {0.0155252532f,  -0.0940200522f, 0.232680615f,  -0.25703375f,
                              -0.0175457904f, 0.419557785f,   -0.490063025f, 0.0751871831f,
                              0.343794527f,   -0.247765883f,  -0.0911652676f, 0.128551738f,
                              0.00677319537f, -0.0244763034f};
  v128_t y = wasm_f32x4_pmin(wasm_f32x4_abs(x), wasm_f32x4_splat(5.0f));
  v128_t u = add_product(wasm_f32x4_splat(-1.0f), y, wasm_f32x4_splat(0.4f));
  v128_t positive_part = wasm_f32x4_pmax(x, wasm_f32x4_splat(0.0f));
  return wasm_f32x4_sub(positive_part, polynomial(u, fit, 13));
}

#endif
