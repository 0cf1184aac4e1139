import { afterEach, expect, it, vi } from "vitest";
import { followEvents, type StreamState } from "../src/api/events";
import type { MarketEvent } from "../src/api/types";
import { eventFacts, eventTitle, isTrouble } from "../src/protocol/event-text";

const frame = (id: number) =>
  `event: TaskPaid\nid: ${id}\ndata: ${JSON.stringify({ event_id: id, kind: "TaskPaid", at: 1, job_id: null, data: {} })}\n\n`;

function streamOf(...parts: string[]): Response {
  return new Response(parts.join(""), { headers: { "content-type": "text/event-stream" } });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("resumes after the last event it saw", async () => {
  vi.stubGlobal("setTimeout", (callback: () => void) => queueMicrotask(callback));
  const asked: (string | null)[] = [];
  const answers = [streamOf(frame(1), ": still here\n\n", frame(2)), streamOf(frame(3))];
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("Last-Event-ID"));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("gone");
    return answer;
  });
  const stop = new AbortController();
  const seen: number[] = [];
  const onEvent = (event: MarketEvent) => {
    seen.push(event.event_id);
    if (event.event_id === 3) stop.abort();
  };
  await followEvents("/v1/events", { onEvent, onState: () => {} }, stop.signal);
  expect(seen).toEqual([1, 2, 3]);
  expect(asked).toEqual(["0", "2"]);
});

it("stops when the market refuses for good", async () => {
  const body = { code: "not_found", detail: "not yours", retryable: false };
  vi.stubGlobal("fetch", async () =>
    Response.json(body, { status: 404, headers: { "content-type": "application/problem+json" } }),
  );
  const states: StreamState[] = [];
  const handlers = { onEvent: () => {}, onState: (state: StreamState) => states.push(state) };
  await followEvents("/v1/events", handlers, new AbortController().signal);
  expect(states).toEqual(["connecting", "stopped"]);
});

it("says an event in words", () => {
  expect(eventTitle("BatchCommitted")).toBe("Batch committed");
  expect(eventTitle("lease_granted")).toBe("Lease granted");
  const facts = (data: MarketEvent["data"]) =>
    eventFacts({ event_id: 1, kind: "any", at: 1, job_id: null, data });
  const provider = `0x${"ab".repeat(20)}`;
  expect(facts({ provider, amount_wei: "1500000000000000000", lease_id: "0x1", odd: {} })).toEqual([
    "provider 0xabab…abab",
    "1.5 credits",
  ]);
  expect(facts({ first_task: 8, count: 4 })).toEqual(["tasks 8 to 11"]);
  expect(facts({ first_task: 8, count: 1 })).toEqual(["task 8"]);
  expect(facts({ leases: 2, tasks: 1 })).toEqual(["1 task", "2 leases"]);
  expect(facts({ task: 3, agrees: false })).toEqual(["task 3", "disagrees"]);
  expect(facts({ verdict: 1 })).toEqual(["the provider lost"]);
  expect(facts({ reason: "not_deterministic", providers: [provider] })).toEqual([
    "not deterministic",
  ]);
  expect(facts({ first_task: 3, count: 1, fault: "error", reason: "disk_full" })).toEqual([
    "task 3",
    "error: disk full",
  ]);
  expect(isTrouble("job_stopped")).toBe(true);
});
