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

/* c[0] + c[1] x + c[2] x^2 + c[3] x^3. Longer polynomials are sums of cubics, whose steps overlap,
   where Horner's rule would wait for each step before the next. */
static inline v128_t cubic(const float *c, v128_t x, v128_t x_squared) {
  v128_t low = add_product(wasm_f32x4_splat(c[0]), wasm_f32x4_splat(c[1]), x);
  v128_t high = add_product(wasm_f32x4_splat(c[2]), wasm_f32x4_splat(c[3]), x);
  return add_product(low, high, x_squared);
}

/* e^x for x <= 0, within 2e-7 of its value; below -87 it stays at e^-87. */
static inline v128_t exp_f32x4(v128_t x) {
  /* Minimax fit of 2^f on [-1/2, 1/2], relative error 8e-8. */
  static const float fit[] = {1.00000008f,  0.693147225f,   0.240221074f,
                              0.055502973f, 0.00967603636f, 0.00134100049f};
  v128_t power = wasm_f32x4_mul(wasm_f32x4_pmax(x, wasm_f32x4_splat(-87.0f)),
                                wasm_f32x4_splat(1.44269504f));
  v128_t whole = to_nearest_i32x4(power);
  v128_t f = wasm_f32x4_sub(power, wasm_f32x4_convert_i32x4(whole));
  v128_t f_squared = wasm_f32x4_mul(f, f);
  v128_t top = add_product(wasm_f32x4_splat(fit[4]), wasm_f32x4_splat(fit[5]), f);
  v128_t fraction = add_product(cubic(fit, f, f_squared), top, wasm_f32x4_mul(f_squared, f_squared));
  return wasm_i32x4_add(fraction, wasm_i32x4_shl(whole, 23));
}

/* The exact (erf) GELU within 1e-5, well below the step that its result is quantised by. It is
   max(x, 0) - h(|x|), where h(y) = y (1 - Phi(y)) is a small bump that has died away at y = 5. */
static inline v128_t gelu_f32x4(v128_t x) {
  /* Minimax fit of h(2.5 (u + 1)) on [-1, 1], absolute error 8.8e-6. */
  static const float fit[] = {0.0155239955f,  -0.093916285f, 0.232806126f,   -0.259796333f,
                              -0.0193570061f, 0.440555627f,  -0.481069118f,  0.00671444603f,
                              0.324347075f,   -0.139017412f, -0.0722590559f, 0.0454606733f};
  v128_t y = wasm_f32x4_pmin(wasm_f32x4_abs(x), wasm_f32x4_splat(5.0f));
  v128_t u = add_product(wasm_f32x4_splat(-1.0f), y, wasm_f32x4_splat(0.4f));
  v128_t u2 = wasm_f32x4_mul(u, u), u4 = wasm_f32x4_mul(u2, u2);
  v128_t upper = add_product(cubic(fit + 4, u, u2), cubic(fit + 8, u, u2), u4);
  v128_t bump = add_product(cubic(fit, u, u2), upper, u4);
  return wasm_f32x4_sub(wasm_f32x4_pmax(x, wasm_f32x4_splat(0.0f)), bump);
}

#endif
