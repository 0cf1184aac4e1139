import { createJob, getAccount } from "../api/market";
import { isRetryable } from "../api/problem";
import type { JobView, MarketInfo, SignedJob } from "../api/types";
import { digestOf } from "../protocol/content-id";
import { freshNonce } from "../protocol/nonce";
import type { Cap } from "../protocol/price";
import { specId } from "../protocol/spec";
import type { SignedIn } from "../session/store";
import { jobMessage } from "../wallet/typed-message";
import { forgetPendingJob, keepPendingJob } from "./pending-job";
import type { PreparedJob } from "./prepare-job";
import { sessionWallet } from "./session-wallet";
import { type NamedBlob, uploadBlob } from "./upload-blob";

const PARALLEL_UPLOADS = 4;

export type Progress = (step: string, done: number, total: number) => void;

export type Posting = {
  readonly info: MarketInfo;
  readonly session: SignedIn;
  readonly prepared: PreparedJob;
  readonly cap: Cap;
  readonly deadline: number;
};

/**
 * Upload what the market lacks, sign the job, post it. The signed job is kept until the market has
 * it, so a reload or a lost answer neither loses it nor posts it twice.
 */
export async function postJob(
  posting: Posting,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<JobView> {
  await uploadAll(posting.prepared.blobs, onProgress, signal);
  onProgress("Waiting for your signature", 1, 1);
  const request = await signedJob(posting);
  keepPendingJob(request);
  onProgress("Posting the job", 1, 1);
  return sendPendingJob(request);
}

/** Send a signed job; sending the same one again gives the same answer. */
export async function sendPendingJob(request: SignedJob): Promise<JobView> {
  try {
    const view = await createJob(request);
    forgetPendingJob();
    return view;
  } catch (error) {
    // Refused for good: it never arrived. Anything else may have, so the very same is sent again.
    if (!isRetryable(error)) forgetPendingJob();
    throw error;
  }
}

async function signedJob({ info, session, prepared, cap, deadline }: Posting): Promise<SignedJob> {
  const wallet = await sessionWallet(info, session);
  const { epoch } = await getAccount(wallet.address);
  const job = {
    requester: wallet.address,
    operator: info.operator,
    token: info.token,
    specHash: digestOf(await specId(prepared.spec)),
    taskCount: String(prepared.taskCount),
    maxPricePerTask: String(cap.maxPricePerTaskWei),
    auditBudget: String(cap.auditBudgetWei),
    relayerFee: String(cap.relayerFeeWei),
    notBefore: "0",
    deadline: String(deadline),
    nonce: freshNonce(epoch),
  };
  return { job, signature: await wallet.sign(jobMessage(info, job)), spec: prepared.spec };
}

async function uploadAll(
  blobs: readonly NamedBlob[],
  onProgress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...blobs];
  let done = 0;
  const work = async () => {
    for (let blob = waiting.pop(); blob !== undefined; blob = waiting.pop()) {
      await uploadBlob(blob, signal);
      onProgress("Uploading inputs", ++done, blobs.length);
    }
  };
  onProgress("Uploading inputs", 0, blobs.length);
  await Promise.all(Array.from({ length: PARALLEL_UPLOADS }, work));
}
