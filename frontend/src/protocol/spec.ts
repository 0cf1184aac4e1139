/** A job's spec for a wasm program; mirrors protocol/spec.py, whose checks the market applies. */
import { canonicalBytes } from "./canonical";
import { contentId } from "./content-id";

export type Limits = {
  readonly cpu_millis: number;
  readonly memory_bytes: number;
  readonly disk_bytes: number;
  readonly wall_seconds: number;
  readonly fuel: number;
  readonly output_bytes: number;
};

export type Spec = ReturnType<typeof wasmSpec>;

export function wasmSpec(parts: {
  module: string;
  taskList: string;
  label: string;
  limits: Limits;
}) {
  const { cpu_millis, memory_bytes, disk_bytes, wall_seconds, fuel, output_bytes } = parts.limits;
  return {
    version: 1,
    runtime: { kind: "wasm", module: parts.module },
    resources: { cpu_millis, memory_bytes, disk_bytes },
    limits: { wall_seconds, fuel, output_bytes },
    inputs: { tasks: parts.taskList, shared: [] as string[] },
    verification: "exact",
    label: parts.label,
  };
}

/** The content id of a spec's canonical bytes; its digest is what the job signs. */
export function specId(spec: object): Promise<string> {
  return contentId(canonicalBytes(spec));
}

/** The blob that `inputs.tasks` names: one content id per task, in order. */
export function encodeTaskList(inputs: readonly string[]): Uint8Array<ArrayBuffer> {
  return canonicalBytes(inputs);
}
