import { expect, type Page, test } from "@playwright/test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

type Call = { method: string; params?: unknown };
type Answer = { result: unknown } | { code: number };

/** A wallet extension as the page sees one: real signatures, on another chain at first. */
class Extension {
  readonly account = privateKeyToAccount(generatePrivateKey());
  readonly methods: string[] = [];
  refusesToSign = false;
  private chainId = "0x1";

  async install(page: Page): Promise<void> {
    await page.exposeFunction("askExtension", (call: Call) => this.answer(call));
    await page.addInitScript(() => {
      const ask = (window as unknown as { askExtension: (call: Call) => Promise<Answer> })
        .askExtension;
      const request = async (call: Call) => {
        const answer = await ask(call);
        if ("code" in answer) throw Object.assign(new Error("refused"), answer);
        return answer.result;
      };
      Object.assign(window, { ethereum: { request } });
    });
  }

  private async answer({ method, params }: Call): Promise<Answer> {
    this.methods.push(method);
    if (method === "eth_requestAccounts") return { result: [this.account.address.toLowerCase()] };
    if (method === "eth_chainId") return { result: this.chainId };
    if (method === "wallet_switchEthereumChain") return { code: 4902 };
    if (method === "wallet_addEthereumChain") {
      this.chainId = (params as { chainId: string }[])[0]?.chainId ?? "";
      return { result: null };
    }
    if (method !== "eth_signTypedData_v4") return { code: 4200 };
    if (this.refusesToSign) return { code: 4001 };
    return { result: await this.sign((params as [string, string])[1]) };
  }

  private sign(json: string): Promise<string> {
    const { types, domain, primaryType, message } = JSON.parse(json);
    const { EIP712Domain: _, ...own } = types;
    return this.account.signTypedData({ types: own, domain, primaryType, message });
  }
}

test("signs in with a wallet extension that must first learn the chain", async ({ page }) => {
  const extension = new Extension();
  await extension.install(page);
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a wallet extension" }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await expect(page.locator(".page-lead code")).toHaveAttribute("title", extension.account.address);
  expect(extension.methods).toEqual([
    "eth_requestAccounts",
    "eth_chainId",
    "wallet_switchEthereumChain",
    "wallet_addEthereumChain",
    "eth_signTypedData_v4",
  ]);
  await expect(page.getByText("This browser's key")).toBeHidden();
});

test("takes no for an answer", async ({ page }) => {
  const extension = new Extension();
  extension.refusesToSign = true;
  await extension.install(page);
  await page.goto("/wallet");
  await page.getByRole("button", { name: "Use a wallet extension" }).click();
  await expect(page.getByRole("alert")).toContainText("declined in the wallet");
});
