import { useQuery } from "@tanstack/react-query";
import { getJob, getTasks } from "../api/market";
import type { JobView, TaskView } from "../api/types";

const REFRESH_MS = 5_000;
const LARGE_REFRESH_MS = 15_000;
const ONE_PAGE = 1_000;
/** Past this many pages of tasks the grid shows the beginning; the counts always cover all. */
export const MOST_TASK_PAGES = 20;

export function useJob(jobId: string) {
  return useQuery({
    queryKey: ["job", jobId],
    queryFn: ({ signal }) => getJob(jobId, signal),
    refetchInterval: (query) => (isOver(query.state.data) ? false : REFRESH_MS),
  });
}

export function useTasks(job: JobView) {
  return useQuery({
    queryKey: ["tasks", job.job_id],
    queryFn: ({ signal }) => allTasks(job.job_id, signal),
    refetchInterval: isOver(job) ? false : refreshMs(job.task_count),
  });
}

/** Nothing more will happen to it: every task is paid, or what was left went back. */
export function isOver(job: JobView | undefined): boolean {
  return job !== undefined && job.finished_at !== null;
}

function refreshMs(taskCount: number): number {
  return taskCount > ONE_PAGE ? LARGE_REFRESH_MS : REFRESH_MS;
}

async function allTasks(jobId: string, signal: AbortSignal): Promise<TaskView[]> {
  const tasks: TaskView[] = [];
  let next: number | null = 0;
  for (let page = 0; next !== null && page < MOST_TASK_PAGES; page++) {
    const answer = await getTasks(jobId, next, signal);
    tasks.push(...answer.tasks);
    next = answer.next_task;
  }
  return tasks;
}
