import { expect, test } from "@playwright/test";

const NO_JOB = `/jobs/0x${"0".repeat(64)}`;

test("a job is not shown to whoever is not signed in", async ({ page }) => {
  await page.goto(NO_JOB);
  await expect(page.getByText("Only its requester can see a job.")).toBeVisible();
});

test("a job that is not there is named so", async ({ page }) => {
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a browser wallet" }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await page.goto(NO_JOB);
  await expect(page.getByRole("alert")).toBeVisible();
});

test("posting without money says what is missing, and where to get it", async ({ page }) => {
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a browser wallet" }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await page.goto("/post");
  await page.getByLabel("Text", { exact: true }).fill("one line\n");
  await expect(page.getByText("Your balance is short of")).toBeVisible();
  await page.getByRole("button", { name: "Sign and post" }).click();
  await expect(page.getByRole("alert")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByLabel("Text", { exact: true })).toHaveValue("one line\n");
});

test("a wallet extension that is missing is named so", async ({ page }) => {
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a wallet extension" }).click();
  await expect(page.getByRole("alert")).toContainText("No wallet extension was found");
});

test("a file that is no module is refused", async ({ page }) => {
  await page.goto("/post");
  await page.getByLabel("Your own program").check();
  await page.getByLabel("WebAssembly module").setInputFiles({
    name: "notes.wasm",
    mimeType: "application/wasm",
    buffer: Buffer.from("not a module"),
  });
  await page.getByLabel("Text", { exact: true }).fill("one line\n");
  await expect(page.getByRole("alert")).toContainText("no WebAssembly module");
});

test("the keyboard reaches the content first, and the theme stays as chosen", async ({ page }) => {
  await page.goto("/providers");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await page.getByLabel("Theme").selectOption("dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the wallet's code is loaded only when a wallet is used", async ({ page }) => {
  const scripts: string[] = [];
  page.on("request", (request) => scripts.push(request.url()));
  await page.goto("/jobs");
  await page.goto("/post");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(
    scripts.filter((address) => /(browser|injected)-wallet-|typed-data/.test(address)),
  ).toEqual([]);
});
