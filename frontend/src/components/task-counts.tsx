import type { JobView } from "../api/types";
import { STATE_FACTS, TASK_STATES } from "../protocol/task-state";
import { useThrottled } from "../session/use-throttled";

const ANNOUNCE_EVERY_MS = 8_000;

/** The grid's legend, and what it says as a table. */
export function TaskCounts({ job }: { job: JobView }) {
  return (
    <>
      <table className="counts">
        <caption className="visually-hidden">Tasks by state</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">State</th>
            <th scope="col">Tasks</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {TASK_STATES.map((state) => (
            <tr key={state}>
              <th scope="row">
                <span className={`cell cell-legend state-${state}`} aria-hidden="true">
                  {STATE_FACTS[state].mark}
                </span>
                {STATE_FACTS[state].name}
              </th>
              <td className="counts-number">
                {(job.tasks_by_state[state] ?? 0).toLocaleString("en")}
              </td>
              <td className="counts-meaning">{STATE_FACTS[state].meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Announcement job={job} />
    </>
  );
}

function Announcement({ job }: { job: JobView }) {
  const counts = TASK_STATES.filter((state) => (job.tasks_by_state[state] ?? 0) > 0)
    .map((state) => `${job.tasks_by_state[state]} ${state}`)
    .join(", ");
  const announced = useThrottled(counts, ANNOUNCE_EVERY_MS);
  return (
    <p className="visually-hidden" aria-live="polite">
      Tasks: {announced}
    </p>
  );
}
