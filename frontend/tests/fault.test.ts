import { expect, it } from "vitest";
import { FAULT_MEANINGS, FAULTS, faultText, lostText } from "../src/protocol/fault";

it("tells faults apart, with their code", () => {
  expect(faultText("error", "disk_full")).toBe("error: disk full");
  expect(faultText("offline", null)).toBe("offline");
  expect(FAULTS.every((fault) => FAULT_MEANINGS[fault] !== "")).toBe(true);
});

it("counts what was lost, mildest first", () => {
  expect(lostText({ wrong: 1, offline: 2 })).toBe("2 offline, 1 wrong");
  expect(lostText({ error: 0 })).toBe("");
});
