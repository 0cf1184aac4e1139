import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { canonicalBytes } from "../src/protocol/canonical";
import { contentId, digestOf } from "../src/protocol/content-id";
import { encodeTaskList, specId, wasmSpec } from "../src/protocol/spec";
import { digestOf as messageDigest, typedData, typedDataJson } from "../src/wallet/typed-data";
import {
  cancellationMessage,
  jobMessage,
  loginMessage,
  permitMessage,
  type TypedMessage,
} from "../src/wallet/typed-message";
import vectors from "./vectors.json";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function typed(vector: (typeof vectors.messages)[number]): TypedMessage {
  const message = vector.message as unknown as Record<string, string>;
  if (vector.type === "Job") return jobMessage(vectors.domain, message);
  if (vector.type === "Login") return loginMessage(vectors.domain, message);
  return cancellationMessage(vectors.domain, message.jobId ?? "");
}

describe("canonical JSON", () => {
  it.each(vectors.canonical)("is Python's: $canonical", ({ value, canonical }) => {
    expect(text(canonicalBytes(value))).toBe(canonical);
  });

  it.each([[Number.NaN], [2 ** 53], [{ deep: [Number.POSITIVE_INFINITY] }]])(
    "refuses %s",
    (value) => {
      expect(() => canonicalBytes(value)).toThrow();
    },
  );
});

describe("spec", () => {
  it.each(vectors.specs)("hashes as in Python: $blob_id", async (vector) => {
    expect(text(canonicalBytes(vector.spec))).toBe(vector.canonical);
    expect(await specId(vector.spec)).toBe(vector.blob_id);
    expect(digestOf(vector.blob_id)).toBe(vector.hash);
  });

  it("is built in the form that Python reads", () => {
    const [vector] = vectors.specs;
    const spec = vector?.spec;
    if (spec?.runtime.module === undefined) throw new Error("the first vector is a wasm spec");
    const built = wasmSpec({
      module: spec.runtime.module,
      taskList: spec.inputs.tasks,
      label: spec.label,
      limits: { ...spec.resources, ...spec.limits },
    });
    expect(built).toEqual(spec);
  });

  it("names its inputs in a task list", async () => {
    const bytes = encodeTaskList(vectors.task_list.inputs);
    expect(text(bytes)).toBe(vectors.task_list.canonical);
    expect(await contentId(bytes)).toBe(vectors.task_list.blob_id);
  });
});

describe("signed messages", () => {
  const account = privateKeyToAccount(vectors.key as `0x${string}`);

  it.each(vectors.messages)("$type has Python's digest and signature", async (vector) => {
    const message = typed(vector);
    expect(messageDigest(message)).toBe(vector.digest);
    expect(await account.signTypedData(typedData(message))).toBe(vector.signature);
  });

  it("include the token's permit", async () => {
    const { token, message, digest, signature } = vectors.permit;
    const permit = permitMessage({ ...vectors.domain, token }, message);
    expect(messageDigest(permit)).toBe(digest);
    expect(await account.signTypedData(typedData(permit))).toBe(signature);
  });

  it("go to a wallet extension with the domain's type and decimal text", () => {
    const [job] = vectors.messages;
    if (job === undefined) throw new Error("no vectors");
    const value = JSON.parse(typedDataJson(typed(job)));
    expect(Object.keys(value.types)).toEqual(["EIP712Domain", "Job"]);
    expect(value.message).toEqual(job.message);
  });
});
