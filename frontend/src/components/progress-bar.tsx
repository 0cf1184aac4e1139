import type { JobView } from "../api/types";

/** From done to barely begun, and the contested ones last; what is waiting is the empty rest. */
const PARTS = ["paid", "audited", "committed", "leased", "disputed", "slashed"] as const;

/** How far a job is: one part per state. */
export function ProgressBar({ job }: { job: JobView }) {
  const done = (job.tasks_by_state.paid ?? 0) / job.task_count;
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label="Tasks paid"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(done * 100)}
    >
      {PARTS.map((state) => {
        const share = (job.tasks_by_state[state] ?? 0) / job.task_count;
        if (share === 0) return null;
        return (
          <span
            key={state}
            className={`progress-part state-${state}`}
            style={{ inlineSize: `${share * 100}%` }}
          />
        );
      })}
    </div>
  );
}
