import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { followEvents, type StreamState } from "../api/events";
import type { MarketEvent } from "../api/types";

const FLUSH_MS = 500;
const REFRESH_EVERY_FLUSHES = 2;
const MOST_EVENTS = 500;

/**
 * A job's events, newest first, as they happen; each also renews what the page shows of the job.
 * Events come in bursts, so they are taken up together, twice a second.
 */
export function useJobEvents(jobId: string): { events: MarketEvent[]; state: StreamState } {
  const queries = useQueryClient();
  const [events, setEvents] = useState<MarketEvent[]>([]);
  const [state, setState] = useState<StreamState>("connecting");
  useEffect(() => {
    const stop = new AbortController();
    const arrived: MarketEvent[] = [];
    let flushes = 0;
    let isStale = false;
    const flush = () => {
      flushes += 1;
      if (arrived.length > 0) {
        const batch = arrived.splice(0).reverse();
        setEvents((before) => [...batch, ...before].slice(0, MOST_EVENTS));
        isStale = true;
      }
      if (isStale && flushes % REFRESH_EVERY_FLUSHES === 0) {
        isStale = false;
        for (const key of ["job", "tasks"]) {
          // A running request is left alone: cancelling it again and again would starve the page.
          queries.invalidateQueries({ queryKey: [key, jobId] }, { cancelRefetch: false });
        }
      }
    };
    const timer = setInterval(flush, FLUSH_MS);
    const handlers = { onEvent: (event: MarketEvent) => arrived.push(event), onState: setState };
    followEvents(`/v1/jobs/${jobId}/events`, handlers, stop.signal);
    return () => {
      stop.abort();
      clearInterval(timer);
      setEvents([]);
    };
  }, [jobId, queries]);
  return { events, state };
}
