import type { Receipt } from "../api/types";
import { exactCredits } from "./credits";

const COLUMNS = ["kind", "account", "first_task", "count", "credits", "lease_id", "transaction"];

/** A receipt as CSV (RFC 4180): one line per payment, audit and slash, and the job's own money. */
export function receiptCsv(receipt: Receipt): string {
  const payments = receipt.payments.map((payment) => [
    "payment",
    payment.provider,
    payment.first_task,
    payment.count,
    exactCredits(payment.amount_wei),
    payment.lease_id,
    payment.transaction,
  ]);
  const audits = receipt.audits.map((audit) => [
    "audit",
    audit.verifier,
    audit.task,
    1,
    exactCredits(audit.fee_wei),
    audit.lease_id,
    audit.transaction,
  ]);
  const slashes = receipt.slashes.map((slash) => [
    "slash",
    slash.provider,
    slash.task,
    1,
    exactCredits(slash.amount_wei),
    slash.lease_id,
    slash.transaction,
  ]);
  const totals = [
    ["escrow", "", "", "", exactCredits(receipt.escrow_wei), "", ""],
    ["refund", "", "", "", exactCredits(receipt.refunded_wei), "", ""],
  ];
  const rows = [COLUMNS, ...totals, ...payments, ...audits, ...slashes];
  return rows
    .map((row) => row.join(","))
    .join("\r\n")
    .concat("\r\n");
}
