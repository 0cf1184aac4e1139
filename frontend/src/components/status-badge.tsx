import type { JobStatus, LeaseStatus } from "../api/types";

const MARKS: Record<JobStatus | LeaseStatus, string> = {
  OPEN: "○",
  RUNNING: "◐",
  SETTLED: "●",
  CANCELLED: "–",
  EXPIRED: "–",
  GRANTED: "◐",
  COMMITTED: "◉",
  DISPUTED: "!",
  SLASHED: "✕",
};

export function StatusBadge({ status }: { status: JobStatus | LeaseStatus }) {
  return (
    <span className={`badge badge-${status.toLowerCase()}`}>
      <span aria-hidden="true">{MARKS[status]}</span> {status.toLowerCase()}
    </span>
  );
}
