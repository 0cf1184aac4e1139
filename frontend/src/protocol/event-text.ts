/** What an event says to a person: a title, and its facts as short text. */
import type { MarketEvent } from "../api/types";
import { formatCredits } from "./credits";
import { faultText } from "./fault";

export function eventTitle(kind: string): string {
  const words = kind
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[._-]+/g, " ")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether it is about a contested, lost or refused result, or a job that goes on no more. */
export function isTrouble(kind: string): boolean {
  return /dispute|slash|reject|released|conceded|stopped/.test(kind);
}

const VERDICTS: Record<string, string> = {
  0: "void: nobody lost",
  1: "the provider lost",
  2: "the challenger lost",
  3: "out of tolerance: the provider loses a part",
  4: "nobody was given the inputs: not paid",
};
const PEOPLE = ["provider", "verifier", "payee", "challenger", "member"];

/** The facts worth a line, in a fixed order; what is not known by name is left out. */
export function eventFacts({ data }: MarketEvent): string[] {
  return [
    ...taskFacts(data),
    ...numbered(data, "leases", "lease"),
    ...PEOPLE.filter((name) => typeof data[name] === "string").map(
      (name) => `${name} ${shortHex(String(data[name]))}`,
    ),
    ...Object.keys(data)
      .filter(isMoney)
      .map((name) => money(name, String(data[name]))),
    ...outcomeFacts(data),
  ];
}

export function shortHex(value: string): string {
  return value.length > 14 ? `${value.slice(0, 6)}…${value.slice(-4)}` : value;
}

type Data = MarketEvent["data"];

function taskFacts(data: Data): string[] {
  if (typeof data.task === "number") return [`task ${data.task}`];
  if (typeof data.first_task === "number" && typeof data.count === "number") {
    const last = data.first_task + data.count - 1;
    return [data.count === 1 ? `task ${last}` : `tasks ${data.first_task} to ${last}`];
  }
  return numbered(data, "tasks", "task");
}

function numbered(data: Data, name: string, one: string): string[] {
  const count = data[name];
  return typeof count === "number" ? [`${count} ${count === 1 ? one : name}`] : [];
}

function outcomeFacts(data: Data): string[] {
  const facts: string[] = [];
  if (typeof data.agrees === "boolean") facts.push(data.agrees ? "agrees" : "disagrees");
  if (typeof data.verdict === "number") facts.push(VERDICTS[data.verdict] ?? "");
  const reason = typeof data.reason === "string" ? data.reason : null;
  if (typeof data.fault === "string") facts.push(faultText(data.fault, reason));
  else if (reason !== null) facts.push(reason.replaceAll("_", " "));
  return facts.filter((fact) => fact !== "");
}

function isMoney(name: string): boolean {
  return name.endsWith("_wei");
}

function money(name: string, wei: string): string {
  if (!/^\d+$/.test(wei)) return "";
  const what = name.slice(0, -"_wei".length).replaceAll("_", " ");
  return `${what === "amount" ? "" : `${what} `}${formatCredits(wei)} credits`;
}
