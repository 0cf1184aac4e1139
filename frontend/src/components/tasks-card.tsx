import { useMemo, useState } from "react";
import type { JobView } from "../api/types";
import { cellsOf, tasksPerCell } from "../protocol/task-state";
import { useTasks } from "../session/use-job";
import { LostLeases } from "./lost-leases";
import { ErrorNotice } from "./notice";
import { TaskCounts } from "./task-counts";
import { LARGE_CELLS, TaskGrid } from "./task-grid";
import { TaskTable } from "./task-table";

export function TasksCard({ job }: { job: JobView }) {
  const tasks = useTasks(job);
  const [selected, setSelected] = useState<number | null>(null);
  const perCell = tasksPerCell(job.task_count);
  const cells = useMemo(() => cellsOf(tasks.data ?? [], perCell), [tasks.data, perCell]);
  const firstTask = selected === null ? 0 : (cells[selected]?.firstTask ?? 0);
  return (
    <section className="card" aria-labelledby="tasks-heading">
      <div className="card-head">
        <h2 id="tasks-heading">Tasks</h2>
        <p className="faint">
          {job.task_count.toLocaleString("en")} in all{perCell > 1 && `, ${perCell} to a cell`}
        </p>
      </div>
      {tasks.isError && <ErrorNotice error={tasks.error} onRetry={() => tasks.refetch()} />}
      <div className={job.task_count > LARGE_CELLS ? "tasks tasks-many" : "tasks"}>
        {tasks.isPending ? (
          <p className="loading">Loading the tasks…</p>
        ) : (
          <TaskGrid cells={cells} selected={selected} onSelect={setSelected} />
        )}
        <TaskCounts job={job} />
      </div>
      <LostLeases lost={job.lost_leases} />
      {tasks.data !== undefined && tasks.data.length < job.task_count && (
        <p className="faint">
          The grid shows the first {tasks.data.length} tasks; the counts cover all of them.
        </p>
      )}
      {tasks.data !== undefined && (
        <details className="details">
          <summary>Tasks one by one</summary>
          <TaskTable tasks={tasks.data} firstTask={firstTask} />
        </details>
      )}
    </section>
  );
}
