import { expect, it } from "vitest";
import type { Quote } from "../src/api/types";
import { spendingCap } from "../src/protocol/price";

const QUOTE: Quote = {
  fitting_offers: 3,
  price_per_task_wei: "100",
  suggested_max_price_per_task_wei: "150",
  suggested_audit_budget_wei: "1000",
  relayer_fee_wei: "7",
  total_wei: "2507",
  reason: null,
};

it("is the quote's own total when nothing else is chosen", () => {
  const cap = spendingCap(QUOTE, 10, null);
  expect(cap.totalWei).toBe(BigInt(QUOTE.total_wei));
  expect(cap.maxPricePerTaskWei).toBe(150n);
});

it("scales the audit budget with the chosen price, rounded up", () => {
  const cap = spendingCap(QUOTE, 10, 200n);
  expect(cap.auditBudgetWei).toBe(1334n);
  expect(cap.totalWei).toBe(2000n + 1334n + 7n);
});

it("can audit every task twice when the quote knows no price", () => {
  const unknown = { suggested_max_price_per_task_wei: "0", suggested_audit_budget_wei: "0" };
  const cap = spendingCap({ ...QUOTE, ...unknown }, 10, 200n);
  expect(cap.auditBudgetWei).toBe(4800n);
});
