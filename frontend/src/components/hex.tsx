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
        <CopyIcon isCopied={isCopied} />
      </button>
      <output className="visually-hidden">{isCopied ? "Copied" : ""}</output>
    </span>
  );
}

function CopyIcon({ isCopied }: { isCopied: boolean }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {isCopied ? <path d="M3 8.5 6.5 12 13 4.5" /> : <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}
    </svg>
  );
}
