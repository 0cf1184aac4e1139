import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import type { JobView } from "../src/api/types";
import { JobNotices } from "../src/components/job-notices";

const JOB: JobView = {
  job_id: `0x${"01".repeat(32)}`,
  requester: `0x${"02".repeat(20)}`,
  label: "",
  status: "RUNNING",
  is_on_chain: true,
  task_count: 4,
  tasks_by_state: {},
  max_price_per_task_wei: "1",
  audit_budget_wei: "1",
  escrow_wei: "5",
  paid_wei: "0",
  audit_fees_wei: "0",
  refunded_wei: "0",
  created_at: 1,
  deadline: 2,
  finished_at: null,
  waiting_because: null,
  stopped_because: null,
  lost_leases: {},
  spec: {},
};

const shown = (changes: Partial<JobView>) =>
  renderToStaticMarkup(<JobNotices job={{ ...JOB, ...changes }} />);

it("says nothing of a job that goes its way", () => {
  expect(shown({})).toBe("");
});

it("says aloud why the market has stopped a job", () => {
  const text = shown({ stopped_because: "the program is not deterministic" });
  expect(text).toContain('role="alert"');
  expect(text).toContain("stopped this job: the program is not deterministic.");
});

it("says what a job waits for", () => {
  expect(shown({ is_on_chain: false, status: "OPEN" })).toContain("putting this job on chain");
  expect(shown({ waiting_because: "no device fits" })).toContain("no device fits");
});
