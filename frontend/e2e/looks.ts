/** Looks at a page in light and dark, on a desktop and on a phone: axe, overflow, a picture. */
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const PICTURES = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
const SIZES = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 375, height: 812 },
} as const;

export async function look(page: Page, name: string): Promise<void> {
  for (const [device, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await expectNoViolation(page, `${name} ${device} ${colorScheme}`);
      await expectNoSidewaysScroll(page);
      await page.screenshot({
        path: `${PICTURES}${name}-${device}-${colorScheme}.png`,
        fullPage: true,
      });
    }
  }
  await page.setViewportSize(SIZES.desktop);
}

async function expectNoViolation(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
  );
  expect(found, where).toEqual([]);
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(excess, "the page is wider than its window").toBeLessThanOrEqual(0);
}
