import { expect, it } from "vitest";
import { splitLines } from "../src/protocol/split";

it.each([
  ["", 2, []],
  ["a", 2, ["a"]],
  ["a\n", 2, ["a\n"]],
  ["a\nb\nc", 2, ["a\nb\n", "c"]],
  ["a\r\n\r\nb\n", 1, ["a\r\n", "\r\n", "b\n"]],
  ["\n\n\n", 2, ["\n\n", "\n"]],
])("%j by %i lines", (text, lines, parts) => {
  expect(splitLines(text, lines)).toEqual(parts);
});

it("loses nothing", () => {
  const text = Array.from({ length: 101 }, (_, line) => "é".repeat(line % 7)).join("\n");
  for (const lines of [1, 2, 3, 50, 1000]) expect(splitLines(text, lines).join("")).toBe(text);
});
