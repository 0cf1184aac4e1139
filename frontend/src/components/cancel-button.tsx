import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { cancelJob } from "../actions/cancel-job";
import type { JobView } from "../api/types";
import { useMarket } from "../session/queries";
import { useSession } from "../session/use-session";
import { ErrorNotice } from "./notice";

export function CancelButton({ job }: { job: JobView }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const session = useSession();
  const market = useMarket();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: async () => {
      if (market.data && session) await cancelJob(market.data, session, job.job_id);
    },
    onSuccess: () => {
      dialog.current?.close();
      return queries.invalidateQueries({ queryKey: ["job", job.job_id] });
    },
  });
  return (
    <>
      <button
        type="button"
        className="button button-danger"
        onClick={() => dialog.current?.showModal()}
      >
        Cancel job
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="cancel-heading">
        <h2 id="cancel-heading">Cancel this job?</h2>
        <p>
          No further task is leased. Work that providers have already begun may still be finished
          and paid; the rest of the escrow comes back to you.
        </p>
        {cancel.isError && <ErrorNotice error={cancel.error} />}
        <div className="dialog-end">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button
            type="button"
            className="button button-danger"
            disabled={cancel.isPending || market.data === undefined}
            onClick={() => cancel.mutate()}
          >
            {cancel.isPending ? "Cancelling…" : "Sign and cancel"}
          </button>
        </div>
      </dialog>
    </>
  );
}
