import type { JobView } from "../api/types";
import { Notice } from "./notice";

/** What its requester should know of a job at once: that it is on its way, stopped, or stuck. */
export function JobNotices({ job }: { job: JobView }) {
  return (
    <>
      {!job.is_on_chain && job.status === "OPEN" && (
        <Notice tone="info">
          The market is putting this job on chain. Nothing is lost meanwhile.
        </Notice>
      )}
      {job.stopped_because !== null && (
        <Notice tone="error">The market has stopped this job: {job.stopped_because}.</Notice>
      )}
      {job.waiting_because !== null && <Notice tone="warning">{job.waiting_because}</Notice>}
    </>
  );
}
