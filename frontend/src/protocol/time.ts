const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** "3 minutes ago", "in 2 hours". */
export function fromNow(atSeconds: number, nowSeconds: number): string {
  const distance = atSeconds - nowSeconds;
  const [unit, size] = UNITS.find(([, seconds]) => Math.abs(distance) >= seconds) ?? ["second", 1];
  return relative.format(Math.trunc(distance / size), unit);
}

export function dateTime(atSeconds: number): string {
  return absolute.format(new Date(atSeconds * 1000));
}

export function isoTime(atSeconds: number): string {
  return new Date(atSeconds * 1000).toISOString();
}
