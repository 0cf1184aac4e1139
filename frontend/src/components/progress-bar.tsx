import type { JobView } from "../api/types";
import { TASK_STATES } from "../protocol/task-state";

/** How far a job is: one part per state, in the order in which tasks pass through them. */
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
      {[...TASK_STATES].reverse().map((state) => {
        const share = (job.tasks_by_state[state] ?? 0) / job.task_count;
        if (share === 0 || state === "waiting") return null;
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
