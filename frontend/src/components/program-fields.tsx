import type { Draft, DraftErrors } from "../session/draft";
import { Field } from "./field";
import { Notice } from "./notice";

type Change = (part: Partial<Draft>) => void;

const CHOICES = [
  { value: "textstats", name: "Text statistics", text: "counts characters, words and lines" },
  { value: "module", name: "Your own program", text: "a .wasm module of the Fallow task ABI" },
] as const;

export function ProgramFields(props: { draft: Draft; errors: DraftErrors; onChange: Change }) {
  const { draft, errors, onChange } = props;
  return (
    <fieldset className="card fieldset">
      <legend>
        <h2>Program</h2>
      </legend>
      <div className="choices">
        {CHOICES.map((choice) => (
          <label key={choice.value} className="choice">
            <input
              type="radio"
              name="program"
              value={choice.value}
              checked={draft.program === choice.value}
              onChange={() => onChange({ program: choice.value })}
            />
            <span>
              <strong>{choice.name}</strong>
              <span className="choice-text">{choice.text}</span>
            </span>
          </label>
        ))}
      </div>
      {draft.program === "module" && (
        <Field
          label="WebAssembly module"
          hint={
            draft.module === null
              ? "It is hashed here and uploaded when you post."
              : draft.module.name
          }
          error={errors.module}
        >
          {(attributes) => (
            <input
              {...attributes}
              className="input"
              type="file"
              accept=".wasm,application/wasm"
              onChange={async (event) => onChange({ module: await read(event.target.files?.[0]) })}
            />
          )}
        </Field>
      )}
      <Notice tone="info">
        <p>
          Sentence embeddings run from the command line for now, because token ids are made on your
          side:{" "}
          <code>fallow job run --recipe embeddings --texts paragraphs.jsonl -o vectors.npy</code>
        </p>
      </Notice>
    </fieldset>
  );
}

async function read(file: File | undefined): Promise<Draft["module"]> {
  if (file === undefined) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8_192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8_192));
  }
  return { name: file.name, base64: btoa(binary) };
}
