import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const marketUrl = process.env.FALLOW_MARKET_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // A strict Content-Security-Policy allows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["tests/**/*.test.{ts,tsx}"] },
  server: {
    proxy: { "/v1": { target: marketUrl, changeOrigin: true } },
    fs: { allow: [".", "../images/wasm/built"] },
  },
});
