import { useMutation } from "@tanstack/react-query";
import { downloadReceipt, type ReceiptFormat } from "../actions/download-receipt";
import { downloadResults } from "../actions/download-results";
import type { JobView } from "../api/types";
import { ErrorNotice } from "./notice";

const WITHOUT_RESULT = new Set(["waiting", "leased", "slashed"]);

export function DownloadButtons({ job }: { job: JobView }) {
  const results = useMutation({ mutationFn: () => downloadResults(job.job_id) });
  const receipt = useMutation({
    mutationFn: (format: ReceiptFormat) => downloadReceipt(job.job_id, format),
  });
  const error = results.error ?? receipt.error;
  const ready = resultCount(job);
  return (
    <>
      <button
        type="button"
        className="button button-primary"
        disabled={ready === 0 || results.isPending}
        onClick={() => results.mutate()}
      >
        {results.isPending ? "Downloading…" : downloadLabel(ready, job.task_count)}
      </button>
      <button type="button" className="button" onClick={() => receipt.mutate("csv")}>
        Receipt (CSV)
      </button>
      <button type="button" className="button" onClick={() => receipt.mutate("json")}>
        Receipt (JSON)
      </button>
      {error !== null && <ErrorNotice error={error} />}
    </>
  );
}

function downloadLabel(ready: number, all: number): string {
  return ready === 0 || ready === all
    ? "Download results"
    : `Download ${ready.toLocaleString("en")} of ${all.toLocaleString("en")} results`;
}

function resultCount(job: JobView): number {
  return Object.entries(job.tasks_by_state)
    .filter(([state]) => !WITHOUT_RESULT.has(state))
    .reduce((sum, [, count]) => sum + count, 0);
}
