import type { Fault } from "../api/types";
import { FAULT_MEANINGS, FAULTS, lostText } from "../protocol/fault";

/** Which leases ended without a result, and what the words mean; nothing if there are none. */
export function LostLeases({ lost }: { lost: Partial<Record<Fault, number>> }) {
  const text = lostText(lost);
  if (text === "") return null;
  const meanings = FAULTS.filter((fault) => lost[fault]).map(
    (fault) => `${fault}: ${FAULT_MEANINGS[fault]}`,
  );
  return (
    <p className="faint">
      Leases lost: {text} ({meanings.join("; ")}).
    </p>
  );
}
