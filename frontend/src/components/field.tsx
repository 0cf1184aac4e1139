import { type ReactNode, useId } from "react";

export type FieldProps = {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: (attributes: FieldAttributes) => ReactNode;
};

export type FieldAttributes = {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
};

/** A labelled control with its hint and its error, tied together for assistive technology. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error !== undefined,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

export function TextField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  error?: string | undefined;
  isNumber?: boolean;
  unit?: string;
  placeholder?: string | undefined;
}) {
  const { label, hint, error, value, onChange, isNumber, unit, placeholder } = props;
  return (
    <Field label={label} error={error} {...(hint === undefined ? {} : { hint })}>
      {(attributes) => (
        <span className="input-line">
          <input
            {...attributes}
            className="input"
            type="text"
            inputMode={isNumber ? "decimal" : "text"}
            autoComplete="off"
            spellCheck={false}
            placeholder={placeholder}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          {unit !== undefined && <span className="input-unit">{unit}</span>}
        </span>
      )}
    </Field>
  );
}
