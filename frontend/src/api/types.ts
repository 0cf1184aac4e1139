/** The REST API's bodies under the names that the code uses. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type MarketInfo = Schemas["MarketInfo"];
export type Session = Schemas["Session"];
export type Upload = Schemas["Upload"];
export type Quote = Schemas["Quote"];
export type JobView = Schemas["JobView"];
export type JobPage = Schemas["JobPage"];
export type JobStatus = Schemas["JobStatus"];
export type TaskView = Schemas["TaskView"];
export type TaskPage = Schemas["TaskPage"];
export type TaskState = TaskView["state"];
export type Receipt = Schemas["Receipt"];
export type AccountView = Schemas["AccountView"];
export type LeaseSummary = Schemas["LeaseSummary"];
export type LeasePage = Schemas["LeasePage"];
export type LeaseStatus = Schemas["LeaseStatus"];
export type Fault = Schemas["Fault"];
export type MarketEvent = Schemas["Event"];
export type Problem = Schemas["Problem"];

/** A signed message as it travels: EIP-712 names, integers as decimal text. */
export type Message = Readonly<Record<string, string>>;
export type SignedJob = {
  readonly job: Message;
  readonly signature: string;
  readonly spec: Readonly<Record<string, unknown>>;
};
