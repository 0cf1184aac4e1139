import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type PreparedJob, prepareJob } from "../actions/prepare-job";
import { createQuote } from "../api/market";
import { type Draft, draftErrors, jobParts } from "./draft";

const SETTLE_MS = 400;
const REQUOTE_MS = 15_000;

export type Preparation = {
  readonly prepared: PreparedJob | null;
  readonly error: unknown;
};

const NOTHING: Preparation = { prepared: null, error: null };

/** The job that a draft makes, hashed anew when typing pauses. */
export function usePrepared(draft: Draft): Preparation {
  const [preparation, setPreparation] = useState(NOTHING);
  const { program, module, text, linesPerTask, label } = draft;
  const { wallSeconds, cpuMillis, memoryMib, fuelMillions, outputKib } = draft;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the price and deadline change no blob
  useEffect(() => {
    let isCurrent = true;
    const show = (next: Preparation) => isCurrent && setPreparation(next);
    setPreparation(NOTHING);
    const { maxPrice: _, deadlineMinutes: __, ...errors } = draftErrors(draft);
    if (Object.keys(errors).length > 0) return;
    const timer = setTimeout(() => {
      prepareJob(jobParts(draft)).then(
        (prepared) => show({ prepared, error: null }),
        (error) => show({ prepared: null, error }),
      );
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [
    ...[program, module, text, linesPerTask, label],
    ...[wallSeconds, cpuMillis, memoryMib, fuelMillions, outputKib],
  ]);
  return preparation;
}

/** What the market asks for a prepared job right now. */
export function useQuote(prepared: PreparedJob | null) {
  return useQuery({
    queryKey: ["quote", JSON.stringify(prepared?.spec), prepared?.taskCount],
    queryFn: ({ signal }) => createQuote(prepared?.spec ?? {}, prepared?.taskCount ?? 1, signal),
    enabled: prepared !== null,
    refetchInterval: REQUOTE_MS,
  });
}
