import type { StreamState } from "../api/events";
import type { MarketEvent } from "../api/types";
import { eventFacts, eventTitle, isTrouble } from "../protocol/event-text";
import { useJobEvents } from "../session/use-job-events";
import { Time } from "./time";

const MOST_SHOWN = 100;

const STATE_WORDS: Record<StreamState, string> = {
  connecting: "connecting…",
  live: "live",
  reconnecting: "reconnecting…",
  stopped: "not live",
};

export function TimelineCard({ jobId }: { jobId: string }) {
  const { events, state } = useJobEvents(jobId);
  const shown = events.slice(0, MOST_SHOWN);
  return (
    <section className="card" aria-labelledby="events-heading">
      <div className="card-head">
        <h2 id="events-heading">Events</h2>
        <p className={`stream stream-${state}`}>{STATE_WORDS[state]}</p>
      </div>
      {shown.length === 0 ? (
        <p className="faint">Nothing has happened yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by the keyboard too
        <section className="timeline-scroll" aria-label="Events, newest first" tabIndex={0}>
          <ol className="timeline">
            {shown.map((event) => (
              <Entry key={event.event_id} event={event} />
            ))}
          </ol>
        </section>
      )}
      {events.length > MOST_SHOWN && (
        <p className="faint">The newest {MOST_SHOWN} are shown; the receipt holds every payment.</p>
      )}
    </section>
  );
}

function Entry({ event }: { event: MarketEvent }) {
  const facts = eventFacts(event);
  return (
    <li className={isTrouble(event.kind) ? "timeline-entry timeline-trouble" : "timeline-entry"}>
      <p className="timeline-title">{eventTitle(event.kind)}</p>
      <p className="faint timeline-facts">
        <span>
          <Time at={event.at} />
        </span>
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
    </li>
  );
}
