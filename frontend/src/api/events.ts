import { createParser } from "eventsource-parser";
import { send } from "./http";
import { isRetryable } from "./problem";
import type { MarketEvent } from "./types";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

export type StreamState = "connecting" | "live" | "reconnecting" | "stopped";

export type StreamHandlers = {
  onEvent: (event: MarketEvent) => void;
  onState: (state: StreamState) => void;
};

/**
 * Follow a stream of events until `signal` aborts, resuming after the last one seen.
 *
 * `EventSource` cannot send an Authorization header, so this reads the stream with fetch.
 * Ends early only when the market refuses for good (signed out, no such job).
 */
export async function followEvents(
  path: string,
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<void> {
  const position = { lastEventId: "0" };
  let pauseMs = FIRST_PAUSE_MS;
  handlers.onState("connecting");
  while (!signal.aborted) {
    try {
      await readOnce(path, position, handlers, signal);
      pauseMs = FIRST_PAUSE_MS;
    } catch (error) {
      if (signal.aborted) break;
      if (!isRetryable(error) && !(error instanceof TypeError)) {
        handlers.onState("stopped");
        return;
      }
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    if (!signal.aborted) handlers.onState("reconnecting");
    await pause(pauseMs, signal);
  }
}

async function readOnce(
  path: string,
  position: { lastEventId: string },
  handlers: StreamHandlers,
  signal: AbortSignal,
): Promise<void> {
  const response = await send(path, {
    headers: { Accept: "text/event-stream", "Last-Event-ID": position.lastEventId },
    signal,
  });
  if (response.body === null) return;
  handlers.onState("live");
  const parser = createParser({
    onEvent: (message) => {
      if (message.id) position.lastEventId = message.id;
      const event = parsed(message.data);
      if (event !== null) handlers.onEvent(event);
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parser.feed(part.value);
  }
}

function parsed(data: string): MarketEvent | null {
  try {
    const value: unknown = JSON.parse(data);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

function isEvent(value: unknown): value is MarketEvent {
  return (
    typeof value === "object" &&
    value !== null &&
    "event_id" in value &&
    typeof value.event_id === "number" &&
    "kind" in value &&
    typeof value.kind === "string"
  );
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
