import { splitLines } from "../protocol/split";
import type { Draft, DraftErrors } from "../session/draft";
import { Field, TextField } from "./field";

type Change = (part: Partial<Draft>) => void;

export function InputFields(props: {
  draft: Draft;
  errors: DraftErrors;
  isKept: boolean;
  onChange: Change;
}) {
  const { draft, errors, isKept, onChange } = props;
  const hint = isKept
    ? "Each task gets some lines of it. Kept in this tab until you post."
    : "Too large to be kept: a reload of this page would lose it.";
  return (
    <fieldset className="card fieldset">
      <legend>
        <h2>Input</h2>
      </legend>
      <Field label="Text" hint={hint} error={errors.text}>
        {(attributes) => (
          <textarea
            {...attributes}
            className="input textarea"
            rows={8}
            spellCheck={false}
            value={draft.text}
            onChange={(event) => onChange({ text: event.target.value })}
          />
        )}
      </Field>
      <div className="field-row">
        <Field label="Or take the text from a file">
          {(attributes) => (
            <input
              {...attributes}
              className="input"
              type="file"
              accept="text/*,.txt,.md,.csv,.jsonl"
              onChange={async (event) => {
                const file = event.target.files?.[0];
                if (file !== undefined) onChange({ text: await file.text() });
              }}
            />
          )}
        </Field>
        <TextField
          label="Lines per task"
          isNumber
          value={draft.linesPerTask}
          error={errors.linesPerTask}
          onChange={(linesPerTask) => onChange({ linesPerTask })}
          hint={taskCountHint(draft, errors)}
        />
      </div>
    </fieldset>
  );
}

function taskCountHint(draft: Draft, errors: DraftErrors): string {
  if (errors.linesPerTask !== undefined || draft.text === "") return "One task for every so many.";
  const count = splitLines(draft.text, Number(draft.linesPerTask)).length;
  return count === 1 ? "That makes 1 task." : `That makes ${count.toLocaleString("en")} tasks.`;
}
