import type { TaskState, TaskView } from "../api/types";

/** In the order in which a task passes through them; the last two are the exceptions. */
export const TASK_STATES = [
  "waiting",
  "leased",
  "committed",
  "audited",
  "paid",
  "disputed",
  "slashed",
] as const satisfies readonly TaskState[];

export const STATE_FACTS: Record<TaskState, { mark: string; name: string; meaning: string }> = {
  waiting: { mark: "·", name: "waiting", meaning: "no device works on it yet" },
  leased: { mark: "L", name: "leased", meaning: "a provider is working on it" },
  committed: { mark: "C", name: "committed", meaning: "its result is bound on chain" },
  audited: { mark: "A", name: "audited", meaning: "a drawn verifier re-ran it and agreed" },
  paid: { mark: "✓", name: "paid", meaning: "settled: the provider has its pay" },
  disputed: { mark: "!", name: "disputed", meaning: "its result is contested" },
  slashed: { mark: "✕", name: "slashed", meaning: "its provider was wrong; it waits again" },
};

/** When several tasks share a cell, the one that most wants to be seen gives it its state. */
const URGENCY: readonly TaskState[] = [
  "slashed",
  "disputed",
  "leased",
  "waiting",
  "committed",
  "audited",
  "paid",
];

export const MOST_CELLS = 1_000;

export type Cell = {
  readonly firstTask: number;
  readonly count: number;
  readonly state: TaskState;
};

/** How many tasks one cell of the grid stands for. */
export function tasksPerCell(taskCount: number): number {
  return Math.max(1, Math.ceil(taskCount / MOST_CELLS));
}

/** The grid's cells: one per task, or per group of tasks when there are many. */
export function cellsOf(tasks: readonly TaskView[], perCell: number): Cell[] {
  const cells: Cell[] = [];
  for (let index = 0; index < tasks.length; index += perCell) {
    const group = tasks.slice(index, index + perCell);
    const first = group[0];
    if (first === undefined) break;
    cells.push({ firstTask: first.task, count: group.length, state: mostUrgent(group) });
  }
  return cells;
}

export function cellLabel(cell: Cell): string {
  const { name } = STATE_FACTS[cell.state];
  if (cell.count === 1) return `Task ${cell.firstTask}: ${name}`;
  return `Tasks ${cell.firstTask} to ${cell.firstTask + cell.count - 1}: ${name}`;
}

function mostUrgent(group: readonly TaskView[]): TaskState {
  const present = new Set(group.map((task) => task.state));
  return URGENCY.find((state) => present.has(state)) ?? "waiting";
}
