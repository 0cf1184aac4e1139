import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { getJobs } from "../api/market";
import type { JobView } from "../api/types";
import { Credits } from "../components/credits";
import { ErrorNotice } from "../components/notice";
import { OlderButton } from "../components/older-button";
import { Page } from "../components/page";
import { ProgressBar } from "../components/progress-bar";
import { SignInPrompt } from "../components/sign-in-prompt";
import { StatusBadge } from "../components/status-badge";
import { Time } from "../components/time";
import { shortHex } from "../protocol/event-text";
import { useSession } from "../session/use-session";

const REFRESH_MS = 5_000;

export function JobsPage() {
  const session = useSession();
  return (
    <Page
      title="Jobs"
      lead="What you have asked strangers' devices to do."
      end={
        <Link href="/post" className="button button-primary">
          Post a job
        </Link>
      }
    >
      {session === null ? (
        <SignInPrompt>Sign in to see your jobs. A wallet in this browser is enough.</SignInPrompt>
      ) : (
        <JobList account={session.account} />
      )}
    </Page>
  );
}

function JobList({ account }: { account: string }) {
  const jobs = useInfiniteQuery({
    queryKey: ["jobs", account],
    queryFn: ({ pageParam, signal }) => getJobs(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: REFRESH_MS,
  });
  if (jobs.isPending) return <p className="loading">Loading your jobs…</p>;
  if (jobs.isError) return <ErrorNotice error={jobs.error} onRetry={() => jobs.refetch()} />;
  const all = jobs.data.pages.flatMap((page) => page.jobs);
  if (all.length === 0) return <NoJobs />;
  return (
    <>
      <ul className="job-list">
        {all.map((job) => (
          <JobRow key={job.job_id} job={job} />
        ))}
      </ul>
      <OlderButton of="jobs" pages={jobs} />
    </>
  );
}

function NoJobs() {
  return (
    <div className="empty">
      <p>No jobs yet. Post one, and see its price before you sign anything.</p>
      <Link href="/post" className="button button-primary">
        Post your first job
      </Link>
    </div>
  );
}

function JobRow({ job }: { job: JobView }) {
  return (
    <li className="card job-row">
      <div className="job-row-head">
        <h2 className="job-row-title">
          <Link href={`/jobs/${job.job_id}`}>{job.label || shortHex(job.job_id)}</Link>
        </h2>
        <StatusBadge status={job.status} />
      </div>
      <ProgressBar job={job} />
      <p className="job-row-facts">
        <span>
          {(job.tasks_by_state.paid ?? 0).toLocaleString("en")} of{" "}
          {job.task_count.toLocaleString("en")} tasks paid
        </span>
        <span>
          paid <Credits wei={BigInt(job.paid_wei) + BigInt(job.audit_fees_wei)} /> of at most{" "}
          <Credits wei={job.escrow_wei} />
        </span>
        <span>
          posted <Time at={job.created_at} />
        </span>
      </p>
      {job.stopped_because !== null && <p className="faint">Stopped by the market</p>}
      {job.waiting_because !== null && <p className="faint">{job.waiting_because}</p>}
    </li>
  );
}
