import type { JobView } from "../api/types";
import { CancelButton } from "../components/cancel-button";
import { CostsCard } from "../components/costs-card";
import { DownloadButtons } from "../components/download-buttons";
import { Hex } from "../components/hex";
import { JobNotices } from "../components/job-notices";
import { ErrorNotice } from "../components/notice";
import { Page } from "../components/page";
import { ProgressBar } from "../components/progress-bar";
import { SignInPrompt } from "../components/sign-in-prompt";
import { StatusBadge } from "../components/status-badge";
import { TasksCard } from "../components/tasks-card";
import { Time } from "../components/time";
import { TimelineCard } from "../components/timeline-card";
import { shortHex } from "../protocol/event-text";
import { useJob } from "../session/use-job";
import { useSession } from "../session/use-session";

export function JobPage({ jobId }: { jobId: string }) {
  const session = useSession();
  if (session === null) {
    return (
      <Page title="Job">
        <SignInPrompt>Only its requester can see a job. Sign in first.</SignInPrompt>
      </Page>
    );
  }
  return <OwnJob jobId={jobId} />;
}

function OwnJob({ jobId }: { jobId: string }) {
  const job = useJob(jobId);
  if (job.data !== undefined) return <Job job={job.data} />;
  return (
    <Page title="Job">
      {job.isPending ? (
        <p className="loading">Loading the job…</p>
      ) : (
        <ErrorNotice error={job.error} onRetry={() => job.refetch()} />
      )}
    </Page>
  );
}

function Job({ job }: { job: JobView }) {
  const canCancel = job.status === "OPEN" || job.status === "RUNNING";
  return (
    <Page
      title={job.label || `Job ${shortHex(job.job_id)}`}
      lead={<JobFacts job={job} />}
      end={
        <>
          <DownloadButtons job={job} />
          {canCancel && <CancelButton job={job} />}
        </>
      }
    >
      <JobNotices job={job} />
      <ProgressBar job={job} />
      <div className="columns">
        <div className="column-main">
          <TasksCard job={job} />
          <SpecCard spec={job.spec} />
        </div>
        <div className="column-side">
          <CostsCard job={job} />
          <TimelineCard jobId={job.job_id} />
        </div>
      </div>
    </Page>
  );
}

function JobFacts({ job }: { job: JobView }) {
  return (
    <p className="job-facts">
      <StatusBadge status={job.status} />
      <Hex value={job.job_id} name="the job's id" />
      <span>
        posted <Time at={job.created_at} />
      </span>
      {job.finished_at === null ? (
        <span>
          deadline <Time at={job.deadline} />
        </span>
      ) : (
        <span>
          finished <Time at={job.finished_at} />
        </span>
      )}
    </p>
  );
}

function SpecCard({ spec }: { spec: JobView["spec"] }) {
  return (
    <details className="card details">
      <summary>The spec that you signed</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wide text is scrolled by the keyboard too */}
      <pre className="code" tabIndex={0}>
        {JSON.stringify(spec, null, 2)}
      </pre>
    </details>
  );
}
