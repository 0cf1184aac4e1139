import { useEffect, useState } from "react";
import { type Draft, forgetDraft, keepDraft, restoredDraft } from "./draft";

const KEEP_AFTER_MS = 300;

/** The draft of the form, kept shortly after each change. */
export function useDraft() {
  const [draft, setDraft] = useState<Draft>(restoredDraft);
  const [isKept, setIsKept] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setIsKept(keepDraft(draft)), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  return { draft, change, isKept, forget: forgetDraft };
}
