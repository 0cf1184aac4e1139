import { describe, expect, it } from "vitest";
import { type Draft, draftErrors, EMPTY_DRAFT, jobParts } from "../src/session/draft";

const GOOD: Draft = { ...EMPTY_DRAFT, text: "a line\n" };

describe("draftErrors", () => {
  it("finds nothing wrong with the defaults and some text", () => {
    expect(draftErrors(GOOD)).toEqual({});
  });

  it.each([
    ["text", { text: " \n" }],
    ["linesPerTask", { linesPerTask: "0" }],
    ["linesPerTask", { linesPerTask: "1.5" }],
    ["wallSeconds", { wallSeconds: "86401" }],
    ["fuelMillions", { fuelMillions: "9007199255" }],
    ["module", { program: "module" }],
    ["label", { label: "x".repeat(81) }],
    ["label", { label: "a\u0000b" }],
    ["maxPrice", { maxPrice: "0" }],
    ["maxPrice", { maxPrice: "-2" }],
  ] as const)("names %s: %j", (field, change) => {
    expect(Object.keys(draftErrors({ ...GOOD, ...change }))).toEqual([field]);
  });
});

it("turns units into those of the spec", () => {
  expect(jobParts(GOOD).limits).toEqual({
    cpu_millis: 1000,
    memory_bytes: 64 * 1024 * 1024,
    disk_bytes: 0,
    wall_seconds: 10,
    fuel: 10_000_000_000,
    output_bytes: 65536,
  });
});

it("hands over an own module's bytes", async () => {
  const module = { name: "own.wasm", base64: btoa("\0asm") };
  const { program } = jobParts({ ...GOOD, program: "module", module });
  if (program.kind !== "module") throw new Error("expected the own module");
  expect(new Uint8Array(await program.file.arrayBuffer())).toEqual(
    new Uint8Array([0, 0x61, 0x73, 0x6d]),
  );
});
