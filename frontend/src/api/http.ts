import { currentToken, endSession } from "../session/store";
import { problemOf, unreachable } from "./problem";

export type RequestOptions = {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/**
 * Send a request to the market of this origin, with the session's token where there is one.
 *
 * @throws RequestFailed the market refused or cannot be reached; a lost session is forgotten.
 */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const token = currentToken();
  const response = await fetched(path, options, token);
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === "not_signed_in" && token !== null) endSession();
  throw problem;
}

/** Send a request and read its JSON answer. */
export async function sendForJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  return (await response.json()) as T;
}

async function fetched(
  path: string,
  options: RequestOptions,
  token: string | null,
): Promise<Response> {
  const headers = new Headers(options.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  if (options.json !== undefined) headers.set("Content-Type", "application/json");
  const body = options.json !== undefined ? JSON.stringify(options.json) : options.body;
  try {
    return await fetch(path, {
      method: options.method ?? "GET",
      headers,
      body: body ?? null,
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}
