import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { importKey } from "../actions/import-key";
import type { MarketInfo } from "../api/types";
import { readBrowserKey } from "../wallet/browser-key";
import { Field } from "./field";
import { ErrorNotice, Notice } from "./notice";

export function BrowserKeyCard({ market }: { market: MarketInfo }) {
  return (
    <section className="card" aria-labelledby="key-heading">
      <h2 id="key-heading">This browser's key</h2>
      <Notice tone="warning">
        The key lies unencrypted in this browser. Whoever has it has your credits; if it is lost, so
        are they. Export it, and keep large amounts elsewhere.
      </Notice>
      <ExportKey />
      <ImportKey market={market} />
    </section>
  );
}

function ExportKey() {
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="block">
      <button
        type="button"
        className="button"
        aria-expanded={isShown}
        onClick={() => setIsShown(!isShown)}
      >
        {isShown ? "Hide the key" : "Export: show the key"}
      </button>
      {isShown && (
        <p>
          <code className="key">{readBrowserKey()}</code>
        </p>
      )}
    </div>
  );
}

function ImportKey({ market }: { market: MarketInfo }) {
  const [text, setText] = useState("");
  const replace = useMutation({
    mutationFn: () => importKey(market, text),
    onSuccess: () => setText(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replace.mutate();
  };
  return (
    <details className="details">
      <summary>Import another key</summary>
      <form className="block" onSubmit={submit} noValidate>
        <Field label="Private key" hint="It replaces the one above: export that first.">
          {(attributes) => (
            <input
              {...attributes}
              className="input"
              type="password"
              autoComplete="off"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <button type="submit" className="button" disabled={text === "" || replace.isPending}>
          Import and sign in
        </button>
        {replace.isError && <ErrorNotice error={replace.error} />}
      </form>
    </details>
  );
}
