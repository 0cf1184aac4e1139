import { useState } from "react";
import { shortHex } from "../protocol/event-text";

/** A long hex value, shortened, with a button that copies all of it. */
export function Hex({ value, name }: { value: string; name: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2_000);
  };
  return (
    <span className="hex">
      <code title={value}>{shortHex(value)}</code>
      <button type="button" className="copy" onClick={copy}>
        <span className="visually-hidden">Copy {name}</span>
        <span aria-hidden="true">{isCopied ? "✓" : "⧉"}</span>
      </button>
      <output className="visually-hidden">{isCopied ? "Copied" : ""}</output>
    </span>
  );
}
