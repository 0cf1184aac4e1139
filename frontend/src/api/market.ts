/** The market's endpoints that the web app uses, one function each. */
import { send, sendForJson } from "./http";
import type {
  AccountView,
  JobPage,
  JobView,
  LeasePage,
  MarketInfo,
  Message,
  Quote,
  Receipt,
  Session,
  SignedJob,
  TaskPage,
  Upload,
} from "./types";

type Signal = AbortSignal | undefined;

export const getMarket = (signal?: Signal) => sendForJson<MarketInfo>("/v1/market", { signal });

export const createSession = (login: Message, signature: string) =>
  sendForJson<Session>("/v1/sessions", { method: "POST", json: { login, signature } });

export const beginUpload = (blobId: string, sizeBytes: number, signal?: Signal) =>
  sendForJson<Upload>("/v1/uploads", {
    method: "POST",
    json: { blob_id: blobId, size_bytes: sizeBytes },
    signal,
  });

export const getUpload = (blobId: string, signal?: Signal) =>
  sendForJson<Upload>(`/v1/uploads/${blobId}`, { signal });

export const appendUpload = (
  blobId: string,
  offsetBytes: number,
  bytes: Uint8Array<ArrayBuffer>,
  signal?: Signal,
) =>
  sendForJson<Upload>(`/v1/uploads/${blobId}`, {
    method: "PATCH",
    headers: {
      "Upload-Offset": String(offsetBytes),
      "Content-Type": "application/octet-stream",
    },
    body: bytes,
    signal,
  });

export const createQuote = (spec: object, taskCount: number, signal?: Signal) =>
  sendForJson<Quote>("/v1/quotes", {
    method: "POST",
    json: { spec, task_count: taskCount },
    signal,
  });

export const createJob = (request: SignedJob) =>
  sendForJson<JobView>("/v1/jobs", { method: "POST", json: request });

export const getJobs = (cursor: string | null, signal?: Signal) =>
  sendForJson<JobPage>(
    `/v1/jobs?limit=20${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    { signal },
  );

export const getJob = (jobId: string, signal?: Signal) =>
  sendForJson<JobView>(`/v1/jobs/${jobId}`, { signal });

export const getTasks = (jobId: string, firstTask: number, signal?: Signal) =>
  sendForJson<TaskPage>(`/v1/jobs/${jobId}/tasks?first_task=${firstTask}`, { signal });

export const getReceipt = (jobId: string, signal?: Signal) =>
  sendForJson<Receipt>(`/v1/jobs/${jobId}/receipt`, { signal });

export const getResults = (jobId: string) => send(`/v1/jobs/${jobId}/results`);

export const cancelJob = (jobId: string, signature: string) =>
  send(`/v1/jobs/${jobId}/cancel`, { method: "POST", json: { signature } });

export const getAccount = (address: string, signal?: Signal) =>
  sendForJson<AccountView>(`/v1/accounts/${address}`, { signal });

export const getLeases = (address: string, cursor: string | null, signal?: Signal) =>
  sendForJson<LeasePage>(
    `/v1/accounts/${address}/leases${cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`}`,
    { signal },
  );

export const createDeposit = (deposit: {
  owner: string;
  amount_wei: string;
  deadline: number;
  signature: string;
}) => send("/v1/deposits", { method: "POST", json: deposit });

export const requestDevelopmentCredits = (address: string) =>
  send("/v1/development/faucet", { method: "POST", json: { address } });
