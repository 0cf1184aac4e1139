import type { Draft, DraftErrors } from "../session/draft";
import { Field, TextField } from "./field";

type Change = (part: Partial<Draft>) => void;

const DEADLINES = [
  ["15", "in 15 minutes"],
  ["60", "in 1 hour"],
  ["360", "in 6 hours"],
  ["1440", "in a day"],
  ["10080", "in a week"],
] as const;

const LIMITS = [
  { field: "wallSeconds", label: "Time per task", unit: "s" },
  { field: "cpuMillis", label: "Processor share", unit: "‰ of a core" },
  { field: "memoryMib", label: "Memory", unit: "MiB" },
  { field: "fuelMillions", label: "Instructions", unit: "million" },
  { field: "outputKib", label: "Output", unit: "KiB" },
] as const;

export function LimitFields(props: {
  draft: Draft;
  errors: DraftErrors;
  suggestedPrice: string | null;
  onChange: Change;
}) {
  const { draft, errors, suggestedPrice, onChange } = props;
  return (
    <fieldset className="card fieldset">
      <legend>
        <h2>Terms</h2>
      </legend>
      <div className="field-row">
        <TextField
          label="Name of the job"
          value={draft.label}
          error={errors.label}
          onChange={(label) => onChange({ label })}
        />
        <Field label="Deadline" error={errors.deadlineMinutes}>
          {(attributes) => (
            <select
              {...attributes}
              className="input"
              value={draft.deadlineMinutes}
              onChange={(event) => onChange({ deadlineMinutes: event.target.value })}
            >
              {DEADLINES.map(([minutes, name]) => (
                <option key={minutes} value={minutes}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label="Highest price per task"
          isNumber
          unit="credits"
          value={draft.maxPrice}
          placeholder={suggestedPrice ?? undefined}
          hint="Empty: what the quote suggests."
          error={errors.maxPrice}
          onChange={(maxPrice) => onChange({ maxPrice })}
        />
      </div>
      <details className="details" open={LIMITS.some(({ field }) => errors[field] !== undefined)}>
        <summary>Limits of each task</summary>
        <p className="faint">
          Providers are paid for the time and the processor that you reserve here, never for what
          they say they used. A task that goes past a limit fails.
        </p>
        <div className="field-row">
          {LIMITS.map(({ field, label, unit }) => (
            <TextField
              key={field}
              label={label}
              unit={unit}
              isNumber
              value={draft[field]}
              error={errors[field]}
              onChange={(value) => onChange({ [field]: value })}
            />
          ))}
        </div>
      </details>
    </fieldset>
  );
}
