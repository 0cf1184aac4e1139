import { dateTime, fromNow, isoTime } from "../protocol/time";
import { useNow } from "../session/use-now";

/** A moment, told from now; its date on hover. */
export function Time({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={isoTime(at)} title={dateTime(at)}>
      {fromNow(at, now)}
    </time>
  );
}
