import type { Quote } from "../api/types";

export type Cap = {
  readonly maxPricePerTaskWei: bigint;
  readonly tasksWei: bigint;
  readonly auditBudgetWei: bigint;
  readonly relayerFeeWei: bigint;
  readonly totalWei: bigint;
};

// An audit earns this share of a task's price (protocol/pricing.py).
const AUDIT_FEE_PPM = 1_200_000n;
const PPM = 1_000_000n;

/**
 * What a job can cost at most. The quote's audit budget follows its suggested price; another
 * price scales it, rounded up, so that audits stay as well funded. With no offers to go by, there
 * is enough to audit every task twice, which is the most.
 */
export function spendingCap(quote: Quote, taskCount: number, chosenPriceWei: bigint | null): Cap {
  const suggested = BigInt(quote.suggested_max_price_per_task_wei);
  const price = chosenPriceWei ?? suggested;
  const auditBudgetWei =
    suggested === 0n
      ? 2n * ceilDivide(price * AUDIT_FEE_PPM, PPM) * BigInt(taskCount)
      : ceilDivide(BigInt(quote.suggested_audit_budget_wei) * price, suggested);
  const tasksWei = price * BigInt(taskCount);
  const relayerFeeWei = BigInt(quote.relayer_fee_wei);
  return {
    maxPricePerTaskWei: price,
    tasksWei,
    auditBudgetWei,
    relayerFeeWei,
    totalWei: tasksWei + auditBudgetWei + relayerFeeWei,
  };
}

function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
