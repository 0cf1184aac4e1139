import type { ReactNode } from "react";
import { messageOf, RequestFailed } from "../api/problem";

type Tone = "info" | "warning" | "error";

const MARKS: Record<Tone, string> = { info: "i", warning: "!", error: "✕" };

export function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "error" ? "alert" : undefined}>
      <span className="notice-mark" aria-hidden="true">
        {MARKS[tone]}
      </span>
      <div className="notice-text">{children}</div>
    </div>
  );
}

/** Anything thrown, in words; with the request's id, for whoever is asked about it. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const requestId = error instanceof RequestFailed ? error.requestId : null;
  return (
    <Notice tone="error">
      <p>{messageOf(error)}</p>
      {requestId !== null && <p className="faint">Request {requestId}</p>}
      {onRetry !== undefined && (
        <button type="button" className="button button-small" onClick={onRetry}>
          Try again
        </button>
      )}
    </Notice>
  );
}
