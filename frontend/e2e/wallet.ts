import { expect, type Page } from "@playwright/test";

/** Make a wallet in the browser, sign in, mint development credits and deposit them all. */
export async function signInAndFund(page: Page): Promise<void> {
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a browser wallet" }).click();
  await page.getByRole("button", { name: "Get development credits" }).click();
  const deposit = page.getByRole("textbox", { name: "Deposit" });
  await expect(deposit).not.toHaveValue("0", { timeout: 40_000 });
  await page.getByRole("button", { name: "Sign and deposit" }).click();
  await expect(deposit).toHaveValue("0", { timeout: 40_000 });
}
