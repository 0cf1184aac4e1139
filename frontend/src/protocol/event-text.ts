import type { MarketEvent } from "../api/types";
import { formatCredits } from "./credits";

/** What an event says to a person: a title, and its facts as short text. */
export function eventTitle(kind: string): string {
  const words = kind
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[._-]+/g, " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const QUIET = new Set(["job_id", "batch_root", "root", "seed", "transaction", "result_root"]);
const MOST_FACTS = 5;

export function eventFacts(event: MarketEvent): string[] {
  return Object.entries(event.data)
    .filter(([name, value]) => !QUIET.has(name) && isPlain(value))
    .slice(0, MOST_FACTS)
    .map(([name, value]) => fact(name, String(value)));
}

function fact(name: string, value: string): string {
  if (name.endsWith("_wei") && /^\d+$/.test(value)) {
    return `${words(name.slice(0, -4))} ${formatCredits(value)} credits`;
  }
  return `${words(name)} ${/^0x[0-9a-fA-F]{40,}$/.test(value) ? shortHex(value) : value}`;
}

export function shortHex(value: string): string {
  return value.length > 14 ? `${value.slice(0, 6)}…${value.slice(-4)}` : value;
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
