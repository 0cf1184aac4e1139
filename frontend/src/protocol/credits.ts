/** Money: wei as bigint, shown and typed as credits (10^18 wei = 1 credit). Never a float. */

const DECIMALS = 18;
export const WEI_PER_CREDIT = 10n ** 18n;

export type Wei = bigint | string;

/**
 * Wei as credits with at most `places` decimals, cut off towards zero; a tiny amount that would
 * read as 0 is shown as "< 0.0001" so that nothing paid looks free.
 */
export function formatCredits(amount: Wei, places = 4): string {
  const wei = BigInt(amount);
  const sign = wei < 0n ? "−" : "";
  const size = wei < 0n ? -wei : wei;
  const unit = 10n ** BigInt(DECIMALS - places);
  if (size > 0n && size < unit) return `${sign}< ${shift(1n, places)}`;
  const digits = (size / unit).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  return sign + grouped(whole) + (fraction ? `.${fraction}` : "");
}

/** Wei as credits with every decimal, for receipts: nothing cut off. */
export function exactCredits(amount: Wei): string {
  const wei = BigInt(amount);
  const digits = (wei < 0n ? -wei : wei).toString().padStart(DECIMALS + 1, "0");
  const whole = digits.slice(0, digits.length - DECIMALS);
  const fraction = digits.slice(digits.length - DECIMALS).replace(/0+$/, "");
  return (wei < 0n ? "-" : "") + whole + (fraction ? `.${fraction}` : "");
}

/** Read what a person typed, such as "1.25" or "1,000"; null when it is no amount. */
export function parseCredits(text: string): bigint | null {
  const plain = text.trim().replace(/[,\s]/g, "");
  const match = /^(\d{1,40})(?:\.(\d{0,18}))?$/.exec(plain);
  if (match === null) return null;
  const fraction = (match[2] ?? "").padEnd(DECIMALS, "0");
  return BigInt(match[1] ?? "0") * WEI_PER_CREDIT + BigInt(fraction);
}

function shift(value: bigint, places: number): string {
  return `0.${value.toString().padStart(places, "0")}`;
}

function grouped(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ",");
}
