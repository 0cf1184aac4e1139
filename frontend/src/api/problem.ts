import type { Problem } from "./types";

/** A request that failed, with the market's own words (RFC 9457) where it gave any. */
export class RequestFailed extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly requestId: string | null;

  constructor(
    message: string,
    facts: { code: string; status: number; retryable: boolean; requestId?: string | null },
  ) {
    super(message);
    this.name = "RequestFailed";
    this.code = facts.code;
    this.status = facts.status;
    this.retryable = facts.retryable;
    this.requestId = facts.requestId ?? null;
  }
}

/** Read a failed response. Never throws: a body that is no problem still names the status. */
export async function problemOf(response: Response): Promise<RequestFailed> {
  const body = await parsedProblem(response);
  if (body === null) {
    return new RequestFailed(`The market answered ${response.status}.`, {
      code: "unexpected_answer",
      status: response.status,
      retryable: response.status >= 500,
    });
  }
  return new RequestFailed(body.detail || body.title, {
    code: body.code,
    status: response.status,
    retryable: body.retryable,
    requestId: body.request_id,
  });
}

export function unreachable(): RequestFailed {
  return new RequestFailed("The market cannot be reached. Check the connection and try again.", {
    code: "market_unavailable",
    status: 0,
    retryable: true,
  });
}

/** The sentence to show for anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isRetryable(error: unknown): boolean {
  return error instanceof RequestFailed && error.retryable;
}

async function parsedProblem(response: Response): Promise<Problem | null> {
  if (!response.headers.get("content-type")?.includes("json")) return null;
  try {
    const body: unknown = await response.json();
    return isProblem(body) ? body : null;
  } catch {
    return null;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "code" in body;
}
