import { expect, it } from "vitest";
import type { TaskState, TaskView } from "../src/api/types";
import { cellLabel, cellsOf, MOST_CELLS, tasksPerCell } from "../src/protocol/task-state";

function tasks(states: TaskState[]): TaskView[] {
  return states.map((state, task) => ({
    task,
    state,
    provider: null,
    lease_id: null,
    attempts: 0,
    fault: null,
    fault_code: null,
    failure: null,
    result_hash: null,
    result_bytes: null,
  }));
}

it("gives each task a cell while there are few", () => {
  expect(tasksPerCell(1)).toBe(1);
  expect(tasksPerCell(MOST_CELLS)).toBe(1);
  const cells = cellsOf(tasks(["paid", "waiting"]), 1);
  expect(cells.map(cellLabel)).toEqual(["Task 0: paid", "Task 1: waiting"]);
});

it("puts many tasks into at most a thousand cells", () => {
  const perCell = tasksPerCell(10_000);
  const cells = cellsOf(tasks(Array<TaskState>(10_000).fill("paid")), perCell);
  expect(cells).toHaveLength(MOST_CELLS);
  expect(cells.reduce((sum, cell) => sum + cell.count, 0)).toBe(10_000);
});

it("shows of a group what most wants to be seen", () => {
  const states: TaskState[] = ["paid", "leased", "paid", "slashed", "paid"];
  const [first, second] = cellsOf(tasks(states), 3);
  expect(first).toEqual({ firstTask: 0, count: 3, state: "leased" });
  expect(second && cellLabel(second)).toBe("Tasks 3 to 4: slashed");
});
