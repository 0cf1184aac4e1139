import { exactCredits, formatCredits, type Wei } from "../protocol/credits";

/** An amount in credits; the exact one on hover. */
export function Credits({ wei }: { wei: Wei }) {
  return (
    <span className="credits" title={`${exactCredits(wei)} credits`}>
      {formatCredits(wei)} <span className="credits-unit">cr</span>
    </span>
  );
}
