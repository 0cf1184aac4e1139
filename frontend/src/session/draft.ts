/** What the form holds: text as it was typed, kept in sessionStorage so that a reload loses nothing. */
import type { JobParts, Program } from "../actions/prepare-job";
import { parseCredits } from "../protocol/credits";

const STORAGE_KEY = "fallow.draft";

export type Draft = {
  readonly label: string;
  readonly program: "textstats" | "module";
  readonly module: { readonly name: string; readonly base64: string } | null;
  readonly text: string;
  readonly linesPerTask: string;
  readonly wallSeconds: string;
  readonly cpuMillis: string;
  readonly memoryMib: string;
  readonly fuelMillions: string;
  readonly outputKib: string;
  readonly deadlineMinutes: string;
  readonly maxPrice: string;
};

export type DraftErrors = Partial<Record<keyof Draft, string>>;

export const EMPTY_DRAFT: Draft = {
  label: "textstats",
  program: "textstats",
  module: null,
  text: "",
  linesPerTask: "10",
  wallSeconds: "10",
  cpuMillis: "1000",
  memoryMib: "64",
  fuelMillions: "10000",
  outputKib: "64",
  deadlineMinutes: "60",
  maxPrice: "",
};

type Bounds = { readonly name: string; readonly low: number; readonly high: number };

/** The bounds of protocol/spec.py where a form can reach them. */
const NUMBERS: Partial<Record<keyof Draft, Bounds>> = {
  linesPerTask: { name: "Lines per task", low: 1, high: 1_000_000 },
  wallSeconds: { name: "Time per task", low: 1, high: 86_400 },
  cpuMillis: { name: "Processor share", low: 1, high: 1_024_000 },
  memoryMib: { name: "Memory", low: 1, high: 1_048_576 },
  fuelMillions: { name: "Instructions", low: 1, high: 9_007_199_254 },
  outputKib: { name: "Output", low: 1, high: 4_194_304 },
  deadlineMinutes: { name: "Deadline", low: 1, high: 525_600 },
};

/** What is wrong with a draft, by field; nothing when it can be quoted. */
export function draftErrors(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  for (const [field, bounds] of Object.entries(NUMBERS)) {
    const problem = numberProblem(draft[field as keyof Draft] as string, bounds);
    if (problem !== null) errors[field as keyof Draft] = problem;
  }
  if (draft.text.trim() === "") errors.text = "Paste some text, or choose a file.";
  if (draft.program === "module" && draft.module === null) {
    errors.module = "Choose a .wasm file.";
  }
  if ([...draft.label].length > 80) errors.label = "At most 80 characters.";
  if (/\p{C}/u.test(draft.label)) errors.label = "Printable characters only.";
  const price = draft.maxPrice.trim() === "" ? null : parseCredits(draft.maxPrice);
  if (draft.maxPrice.trim() !== "" && (price === null || price === 0n)) {
    errors.maxPrice = "An amount of credits above zero, such as 0.25.";
  }
  return errors;
}

/** The parts of a job from a draft without errors. */
export function jobParts(draft: Draft): JobParts {
  return {
    program: programOf(draft),
    text: draft.text,
    linesPerTask: Number(draft.linesPerTask),
    label: draft.label,
    limits: {
      cpu_millis: Number(draft.cpuMillis),
      memory_bytes: Number(draft.memoryMib) * 2 ** 20,
      disk_bytes: 0,
      wall_seconds: Number(draft.wallSeconds),
      fuel: Number(draft.fuelMillions) * 1_000_000,
      output_bytes: Number(draft.outputKib) * 2 ** 10,
    },
  };
}

export function restoredDraft(): Draft {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}");
    return { ...EMPTY_DRAFT, ...(value as Partial<Draft>) };
  } catch {
    return EMPTY_DRAFT;
  }
}

/** Keep a draft across reloads; false when it is too large for the browser to keep. */
export function keepDraft(draft: Draft): boolean {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forgetDraft(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}

function programOf(draft: Draft): Program {
  if (draft.program === "textstats" || draft.module === null) return { kind: "textstats" };
  const bytes = Uint8Array.from(atob(draft.module.base64), (character) => character.charCodeAt(0));
  return { kind: "module", file: new Blob([bytes]) };
}

function numberProblem(text: string, { name, low, high }: Bounds): string | null {
  const isWhole = /^\d{1,16}$/.test(text.trim());
  if (isWhole && Number(text) >= low && Number(text) <= high) return null;
  return `${name} is a whole number from ${low.toLocaleString("en")} to ${high.toLocaleString("en")}.`;
}
