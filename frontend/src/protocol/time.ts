const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The chain's clock and this one may differ by this much. */
const SKEW_SECONDS = 20;

/** "3 minutes ago", "in 2 hours"; what is about now, or just ahead by a clock's error, is "now". */
export function fromNow(atSeconds: number, nowSeconds: number): string {
  const apart = atSeconds - nowSeconds;
  const distance = apart > 0 && apart <= SKEW_SECONDS ? 0 : apart;
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(distance) >= seconds) ?? ["second", 1];
  return relative.format(Math.trunc(distance / size), unit);
}

export function dateTime(atSeconds: number): string {
  return absolute.format(new Date(atSeconds * 1000));
}

export function isoTime(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString();
}
