/** From what a person filled in to the blobs and the spec of a job. */
import textstatsUrl from "../../../images/wasm/built/textstats.wasm?url";
import { contentId } from "../protocol/content-id";
import { encodeTaskList, type Limits, type Spec, wasmSpec } from "../protocol/spec";
import { splitLines } from "../protocol/split";
import type { NamedBlob } from "./upload-blob";

export const MOST_TASKS_FROM_A_FORM = 10_000;

export type Program = { readonly kind: "textstats" } | { readonly kind: "module"; file: Blob };

export type JobParts = {
  readonly program: Program;
  readonly text: string;
  readonly linesPerTask: number;
  readonly limits: Limits;
  readonly label: string;
};

export type PreparedJob = {
  readonly spec: Spec;
  readonly taskCount: number;
  /** Every blob that the job names, each once. */
  readonly blobs: readonly NamedBlob[];
};

/**
 * Split the text, hash everything, and build the spec.
 *
 * @throws Error no text, too many tasks, or a program that is no wasm module.
 */
export async function prepareJob(parts: JobParts): Promise<PreparedJob> {
  const inputs = splitLines(parts.text, parts.linesPerTask);
  if (inputs.length === 0) throw new Error("Give the job some text to work on.");
  if (inputs.length > MOST_TASKS_FROM_A_FORM) {
    throw new Error(
      `That makes ${inputs.length} tasks. A job from this form has at most ` +
        `${MOST_TASKS_FROM_A_FORM}: put more lines into each task, or use the command line.`,
    );
  }
  const module = await named(await programBytes(parts.program));
  const encoder = new TextEncoder();
  const tasks = await Promise.all(inputs.map((input) => named(encoder.encode(input))));
  const taskList = await named(encodeTaskList(tasks.map((task) => task.blobId)));
  const { label, limits } = parts;
  return {
    spec: wasmSpec({ module: module.blobId, taskList: taskList.blobId, label, limits }),
    taskCount: inputs.length,
    blobs: unique([module, ...tasks, taskList]),
  };
}

async function named(bytes: Uint8Array<ArrayBuffer>): Promise<NamedBlob> {
  return { blobId: await contentId(bytes), bytes };
}

async function programBytes(program: Program): Promise<Uint8Array<ArrayBuffer>> {
  const bytes =
    program.kind === "module" ? await program.file.arrayBuffer() : await shippedTextstats();
  const module = new Uint8Array(bytes);
  if (module[0] !== 0 || module[1] !== 0x61 || module[2] !== 0x73 || module[3] !== 0x6d) {
    throw new Error("That file is no WebAssembly module: it must begin with \\0asm.");
  }
  return module;
}

async function shippedTextstats(): Promise<ArrayBuffer> {
  const response = await fetch(textstatsUrl);
  if (!response.ok) throw new Error("The textstats program could not be loaded. Try again.");
  return response.arrayBuffer();
}

function unique(blobs: readonly NamedBlob[]): NamedBlob[] {
  return [...new Map(blobs.map((blob) => [blob.blobId, blob])).values()];
}
