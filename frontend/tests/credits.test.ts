import { describe, expect, it } from "vitest";
import { exactCredits, formatCredits, parseCredits } from "../src/protocol/credits";

describe("formatCredits", () => {
  it.each([
    ["0", "0"],
    ["1", "< 0.0001"],
    ["100000000000000000", "0.1"],
    ["1000000000000000000", "1"],
    ["1234567890000000000000", "1,234.5678"],
    [
      "115792089237316195423570985008687907853269984665640564039457584007913129639935",
      /^115,792,.*,665,640,564,039,457\.584$/,
    ],
    ["-1500000000000000000", "−1.5"],
  ])("%s wei", (wei, text) => {
    if (typeof text === "string") expect(formatCredits(wei)).toBe(text);
    else expect(formatCredits(wei)).toMatch(text);
  });
});

describe("exactCredits", () => {
  it.each([
    ["1", "0.000000000000000001"],
    ["-1", "-0.000000000000000001"],
    ["1234567890123456789012", "1234.567890123456789012"],
    ["0", "0"],
  ])("%s wei", (wei, text) => {
    expect(exactCredits(wei)).toBe(text);
  });

  it("reads back as the same amount", () => {
    for (const wei of [0n, 1n, 10n ** 17n, 3n * 10n ** 18n + 7n]) {
      expect(parseCredits(exactCredits(wei))).toBe(wei);
    }
  });
});

describe("parseCredits", () => {
  it.each([
    ["1", 10n ** 18n],
    [" 1,000.5 ", 1_000_500_000_000_000_000_000n],
    ["0.000000000000000001", 1n],
    ["5.", 5n * 10n ** 18n],
  ])("%s", (typed, wei) => {
    expect(parseCredits(typed)).toBe(wei);
  });

  it.each(["", "-1", "1e3", "0x10", "1.2.3", "0.0000000000000000001", ".5 credits"])(
    "refuses %j",
    (typed) => {
      expect(parseCredits(typed)).toBeNull();
    },
  );
});
