import { getResults } from "../api/market";
import { saveFile } from "./save-file";

/** Download every committed output of a job as one zip. */
export async function downloadResults(jobId: string): Promise<void> {
  const response = await getResults(jobId);
  saveFile(await response.blob(), `${jobId.slice(0, 10)}-results.zip`);
}
