import type { Fault } from "../api/types";

/** Why leases end without a result, mildest first. */
export const FAULTS = ["offline", "error", "wrong"] as const satisfies readonly Fault[];

export const FAULT_MEANINGS: Record<Fault, string> = {
  offline: "no heartbeat came in time",
  error: "the device gave the lease back, or did not get it done",
  wrong: "its result was conceded, lost in a dispute or forfeited",
};

/** A fault and its code, as in "error: disk full". */
export function faultText(fault: string, code: string | null): string {
  return code ? `${fault}: ${code.replaceAll("_", " ")}` : fault;
}

/** How many leases were lost and why, as in "2 offline, 1 error"; empty if none was. */
export function lostText(lost: Partial<Record<Fault, number>>): string {
  return FAULTS.filter((fault) => (lost[fault] ?? 0) > 0)
    .map((fault) => `${lost[fault]} ${fault}`)
    .join(", ");
}
