import { useState } from "react";
import { Link } from "wouter";
import type { TaskState, TaskView } from "../api/types";
import { shortHex } from "../protocol/event-text";
import { faultText } from "../protocol/fault";
import { STATE_FACTS, TASK_STATES } from "../protocol/task-state";
import { Table } from "./table";

const ROWS = 25;
const COLUMNS = ["Task", "State", "Provider", "Attempts", "Result"];

/** The tasks one by one; `firstTask` is where the grid's choice has moved it. */
export function TaskTable({ tasks, firstTask }: { tasks: readonly TaskView[]; firstTask: number }) {
  const [state, setState] = useState<TaskState | "all">("all");
  const [turned, setTurned] = useState({ from: firstTask, page: 0 });
  const shown = state === "all" ? tasks : tasks.filter((task) => task.state === state);
  const start = shown.findIndex((task) => task.task >= firstTask);
  const home = Math.floor(Math.max(start, 0) / ROWS);
  const last = Math.max(Math.ceil(shown.length / ROWS) - 1, 0);
  const page = Math.min(turned.from === firstTask ? Math.max(home + turned.page, 0) : home, last);
  const turn = (to: number) => setTurned({ from: firstTask, page: to - home });
  return (
    <>
      <div className="table-tools">
        <label className="field-inline">
          Show
          <select
            value={state}
            onChange={(event) => setState(event.target.value as TaskState | "all")}
          >
            <option value="all">all tasks</option>
            {TASK_STATES.map((name) => (
              <option key={name} value={name}>
                {STATE_FACTS[name].name}
              </option>
            ))}
          </select>
        </label>
        <Pager page={page} last={last} onTurn={turn} />
      </div>
      <Rows tasks={shown.slice(page * ROWS, (page + 1) * ROWS)} chosen={firstTask} />
    </>
  );
}

function Pager(props: { page: number; last: number; onTurn: (page: number) => void }) {
  const { page, last, onTurn } = props;
  return (
    <div className="pager">
      <button
        type="button"
        className="button button-small"
        disabled={page === 0}
        onClick={() => onTurn(page - 1)}
      >
        Previous
      </button>
      <span>
        Page {page + 1} of {last + 1}
      </span>
      <button
        type="button"
        className="button button-small"
        disabled={page === last}
        onClick={() => onTurn(page + 1)}
      >
        Next
      </button>
    </div>
  );
}

function Rows({ tasks, chosen }: { tasks: readonly TaskView[]; chosen: number }) {
  return (
    <>
      <Table label="Tasks, one by one" columns={COLUMNS}>
        {tasks.map((task) => (
          <Row key={task.task} task={task} isChosen={task.task === chosen} />
        ))}
      </Table>
      {tasks.length === 0 && <p className="faint">No task is in this state.</p>}
    </>
  );
}

function Row({ task, isChosen }: { task: TaskView; isChosen: boolean }) {
  return (
    <tr className={isChosen ? "row-chosen" : undefined}>
      <th scope="row">{task.task}</th>
      <td>
        <span className={`cell cell-legend state-${task.state}`} aria-hidden="true">
          {STATE_FACTS[task.state].mark}
        </span>
        {task.state}
      </td>
      <td>
        {task.provider === null ? (
          "–"
        ) : (
          <Link href={`/providers/${task.provider}`}>
            <code>{shortHex(task.provider)}</code>
          </Link>
        )}
      </td>
      <td>
        {task.attempts}
        {task.fault !== null && (
          <span className="faint"> last lost to {faultText(task.fault, task.fault_code)}</span>
        )}
      </td>
      <td>{resultOf(task)}</td>
    </tr>
  );
}

function resultOf(task: TaskView): string {
  if (task.failure !== null) return `failed: ${task.failure.replaceAll("_", " ")}`;
  if (task.result_hash === null) return "–";
  return `${shortHex(task.result_hash)} · ${task.result_bytes ?? 0} bytes`;
}
