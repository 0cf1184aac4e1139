import { type KeyboardEvent, memo, useId, useRef } from "react";
import { type Cell, cellLabel, STATE_FACTS } from "../protocol/task-state";

/** Few tasks get larger cells, many the whole width. */
export const LARGE_CELLS = 120;

/**
 * Every task as a cell. One stop for the Tab key; arrows move inside, as in any list box. Colour,
 * letter and shape each tell the state.
 */
export function TaskGrid(props: {
  cells: readonly Cell[];
  selected: number | null;
  onSelect: (index: number) => void;
}) {
  const { cells, selected, onSelect } = props;
  const id = useId();
  const grid = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const target = moved(event.key, selected ?? 0, cells.length, columnsOf(grid.current));
    if (target === null) return;
    event.preventDefault();
    onSelect(target);
    document.getElementById(`${id}-${target}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div
      ref={grid}
      className={cells.length <= LARGE_CELLS ? "grid grid-large" : "grid grid-small"}
      role="listbox"
      tabIndex={0}
      aria-label="Tasks: arrow keys choose one"
      aria-activedescendant={selected === null ? undefined : `${id}-${selected}`}
      onKeyDown={onKeyDown}
      onFocus={() => selected === null && onSelect(0)}
      onClick={(event) => {
        const index = (event.target as HTMLElement).dataset.index;
        if (index !== undefined) onSelect(Number(index));
      }}
    >
      {cells.map((cell, index) => (
        <GridCell
          key={cell.firstTask}
          id={`${id}-${index}`}
          index={index}
          state={cell.state}
          label={cellLabel(cell)}
          isSelected={index === selected}
        />
      ))}
    </div>
  );
}

const GridCell = memo(function GridCell(props: {
  id: string;
  index: number;
  state: Cell["state"];
  label: string;
  isSelected: boolean;
}) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list box holds the focus (aria-activedescendant)
    <div
      id={props.id}
      data-index={props.index}
      className={`cell state-${props.state}`}
      role="option"
      aria-selected={props.isSelected}
      aria-label={props.label}
      title={props.label}
    >
      {STATE_FACTS[props.state].mark}
    </div>
  );
});

function moved(key: string, from: number, count: number, columns: number): number | null {
  const steps: Record<string, number> = {
    ArrowRight: from + 1,
    ArrowLeft: from - 1,
    ArrowDown: from + columns,
    ArrowUp: from - columns,
    Home: 0,
    End: count - 1,
  };
  const target = steps[key];
  return target === undefined ? null : Math.min(Math.max(target, 0), count - 1);
}

function columnsOf(grid: HTMLElement | null): number {
  if (grid === null) return 1;
  return getComputedStyle(grid).gridTemplateColumns.split(" ").length;
}
