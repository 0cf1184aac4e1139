import { expect, it } from "vitest";
import type { Receipt } from "../src/api/types";
import { receiptCsv } from "../src/protocol/receipt-csv";

const HASH = `0x${"1".repeat(64)}`;

it("has one line per movement of money, with every decimal", () => {
  const receipt: Receipt = {
    job_id: HASH,
    status: "SETTLED",
    escrow_wei: "3000000000000000001",
    refunded_wei: "1",
    payments: [
      {
        lease_id: HASH,
        provider: "0xP",
        first_task: 0,
        count: 2,
        amount_wei: "2000000000000000000",
        batch_id: HASH,
        result_root: HASH,
        transaction: HASH,
      },
    ],
    audits: [
      {
        lease_id: HASH,
        task: 1,
        verifier: "0xV",
        fee_wei: "1000000000000000000",
        transaction: HASH,
      },
    ],
    slashes: [],
  };
  expect(receiptCsv(receipt).split("\r\n")).toEqual([
    "kind,account,first_task,count,credits,lease_id,transaction",
    "escrow,,,,3.000000000000000001,,",
    "refund,,,,0.000000000000000001,,",
    `payment,0xP,0,2,2,${HASH},${HASH}`,
    `audit,0xV,1,1,1,${HASH},${HASH}`,
    "",
  ]);
});
