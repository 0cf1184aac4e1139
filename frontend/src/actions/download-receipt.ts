import { getReceipt } from "../api/market";
import { receiptCsv } from "../protocol/receipt-csv";
import { saveFile } from "./save-file";

export type ReceiptFormat = "json" | "csv";

/** Download a job's receipt: who was paid what, with the transactions that show it. */
export async function downloadReceipt(jobId: string, format: ReceiptFormat): Promise<void> {
  const receipt = await getReceipt(jobId);
  const text = format === "csv" ? receiptCsv(receipt) : `${JSON.stringify(receipt, null, 2)}\n`;
  const type = format === "csv" ? "text/csv;charset=utf-8" : "application/json";
  saveFile(new Blob([text], { type }), `${jobId.slice(0, 10)}-receipt.${format}`);
}
