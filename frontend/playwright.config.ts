import { defineConfig } from "@playwright/test";

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Drives the system's Chromium against a running market: FALLOW_E2E_URL. */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  retries: 0,
  timeout: 60_000,
  globalTimeout: 600_000,
  reporter: "list",
  globalSetup: "./e2e/require-market.ts",
  outputDir: "test-results",
  use: {
    baseURL: process.env.FALLOW_E2E_URL ?? "",
    browserName: "chromium",
    headless: true,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.FALLOW_CHROMIUM ?? "/usr/bin/chromium",
      args: CHROMIUM_FLAGS,
    },
  },
});
