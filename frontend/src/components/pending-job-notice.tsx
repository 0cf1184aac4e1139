import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { forgetPendingJob } from "../actions/pending-job";
import { sendPendingJob } from "../actions/post-job";
import { usePendingJob } from "../session/use-pending-job";
import { ErrorNotice, Notice } from "./notice";

/** A job that was signed, but whose arrival was never confirmed: send it again, or drop it. */
export function PendingJobNotice() {
  const pending = usePendingJob();
  const [, navigate] = useLocation();
  const send = useMutation({
    mutationFn: sendPendingJob,
    onSuccess: (job) => navigate(`/jobs/${job.job_id}`),
  });
  if (pending === null) return null;
  return (
    <Notice tone="warning">
      <p>You signed a job, but the market has not confirmed it. Sending it again is safe.</p>
      {send.isError && <ErrorNotice error={send.error} />}
      <p className="button-row">
        <button
          type="button"
          className="button button-small"
          disabled={send.isPending}
          onClick={() => send.mutate(pending)}
        >
          Send it again
        </button>
        <button type="button" className="button button-small" onClick={forgetPendingJob}>
          Drop it
        </button>
      </p>
    </Notice>
  );
}
