import { readFileSync } from "node:fs";
import { type BrowserContext, expect, type Page, type Route, test } from "@playwright/test";
import { look } from "./looks";
import { textstats } from "./textstats";
import { signInAndFund } from "./wallet";
import { readZip } from "./zip";

const LINES = Array.from(
  { length: 24 },
  (_, line) => `Furrow ${line}: ${"gräs ✿ ".repeat(line % 5)}`,
);
const LINES_PER_TASK = 2;
const TASKS = LINES.length / LINES_PER_TASK;
const FINISHED_WITHIN_MS = 300_000;

const cells = (page: Page) => page.getByRole("listbox", { name: /^Tasks/ });

/** One requester's journey; each step goes on where the one before it stopped. */
test.describe
  .serial("a requester", () => {
    let context: BrowserContext;
    let page: Page;
    const complaints: string[] = [];

    test.beforeAll(async ({ browser }) => {
      context = await browser.newContext({ acceptDownloads: true });
      page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) complaints.push(message.text());
      });
    });

    test.afterAll(() => context.close());

    test("sees every page before signing in", async () => {
      for (const [name, path] of [
        ["jobs-signed-out", "/jobs"],
        ["wallet-signed-out", "/wallet"],
        ["providers", "/providers"],
        ["post-empty", "/post"],
        ["not-found", "/nowhere"],
      ] as const) {
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await look(page, name);
      }
    });

    test("makes a wallet, gets development credits and deposits them", async () => {
      await signInAndFund(page);
      await look(page, "wallet");
    });

    test("sees the price before posting, and loses nothing by a reload", async () => {
      await page.goto("/post");
      await page.getByLabel("Text", { exact: true }).fill(LINES.join("\n"));
      await page.getByLabel("Lines per task").fill(String(LINES_PER_TASK));
      await page.getByLabel("Name of the job").fill("furrows");
      await expect(page.getByText(`That makes ${TASKS} tasks.`)).toBeVisible();
      await expect(page.getByText("Can never cost more than")).toBeVisible();
      await page.waitForTimeout(500); // the draft is kept shortly after the last change
      await page.reload();
      await expect(page.getByLabel("Name of the job")).toHaveValue("furrows");
      await expect(page.getByText("Can never cost more than")).toBeVisible();
      await look(page, "post");
    });

    test("is told what is wrong with the form", async () => {
      await page.getByLabel("Highest price per task").fill("nothing");
      await expect(page.getByText("An amount of credits above zero")).toBeVisible();
      await expect(page.getByRole("button", { name: "Sign and post" })).toBeDisabled();
      await page.getByLabel("Highest price per task").fill("");
    });

    test("signs and posts, loses the answer, sends it again, arrives at the job", async () => {
      const loseTheAnswer = async (route: Route) => {
        await route.fetch();
        await route.abort();
      };
      await page.route("**/v1/jobs", loseTheAnswer, { times: 1 });
      await page.getByRole("button", { name: "Sign and post" }).click();
      await expect(page.getByText("the market has not confirmed it")).toBeVisible();
      await expect(page.getByRole("button", { name: "Sign and post" })).toBeDisabled();
      await page.getByRole("button", { name: "Send it again" }).click();
      await expect(page).toHaveURL(/\/jobs\/0x[0-9a-f]{64}$/, { timeout: 40_000 });
      await expect(page.getByRole("heading", { level: 1, name: "furrows" })).toBeFocused();
      await expect(cells(page).getByRole("option")).toHaveCount(TASKS);
    });

    test("chooses tasks with the keyboard", async () => {
      await cells(page).focus();
      await page.keyboard.press("End");
      await expect(cells(page).getByRole("option", { selected: true })).toHaveAccessibleName(
        new RegExp(`^Task ${TASKS - 1}: `),
      );
      await page.keyboard.press("ArrowLeft");
      await expect(cells(page).getByRole("option", { selected: true })).toHaveAccessibleName(
        new RegExp(`^Task ${TASKS - 2}: `),
      );
    });

    test("watches it finish", async () => {
      test.setTimeout(FINISHED_WITHIN_MS + 30_000);
      await expect(page.getByText("live", { exact: true })).toBeVisible();
      await look(page, "job-running");
      await expect(page.locator(".badge").first()).toHaveText(/settled/, {
        timeout: FINISHED_WITHIN_MS,
      });
      await expect(cells(page).getByRole("option", { name: /: paid$/ })).toHaveCount(TASKS);
      await page.getByText("Tasks one by one").click();
      await look(page, "job-finished");
    });

    test("downloads results that are right", async () => {
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download results" }).click();
      const files = readZip(readFileSync(await (await download).path()));
      expect(files.size).toBe(TASKS);
      const text = LINES.join("\n").split(/(?<=\n)/);
      for (let task = 0; task < TASKS; task++) {
        const input = text.slice(task * LINES_PER_TASK, (task + 1) * LINES_PER_TASK).join("");
        const output = files.get(`task-${String(task).padStart(6, "0")}.bin`);
        expect(JSON.parse(String(output))).toEqual(textstats(input));
      }
    });

    test("keeps a receipt", async () => {
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: "Receipt (CSV)" }).click();
      const csv = readFileSync(await (await download).path(), "utf8");
      expect(csv).toMatch(/^kind,account,first_task,count,credits,lease_id,transaction\r\n/);
    });

    test("looks at a provider that did the work", async () => {
      const provider = page.getByRole("row").getByRole("link").first();
      await provider.click();
      await expect(page.getByRole("heading", { level: 1, name: "Provider" })).toBeFocused();
      await expect(page.getByText("settled pay, all time")).toBeVisible();
      await look(page, "provider");
    });

    test("finds the job in the list, once", async () => {
      await page.getByRole("link", { name: "Jobs", exact: true }).click();
      await expect(page.getByRole("link", { name: "furrows" })).toHaveCount(1);
      await look(page, "jobs");
    });

    test("met no error and no broken security policy", () => {
      expect(complaints).toEqual([]);
    });
  });
