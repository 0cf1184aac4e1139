import { expect, it } from "vitest";
import { fromNow } from "../src/protocol/time";

it.each([
  [1_000, 1_000, "now"],
  [1_010, 1_000, "now"],
  [940, 1_000, "1 minute ago"],
  [955, 1_000, "45 seconds ago"],
  [1_000 + 7_200, 1_000, "in 2 hours"],
  [1_000 - 86_400, 1_000, "yesterday"],
])("%i seen at %i is %s", (at, now, text) => {
  expect(fromNow(at, now)).toBe(text);
});
