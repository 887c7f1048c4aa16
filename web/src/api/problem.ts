import type { components } from "./schema";

type Details = components["schemas"]["ProblemDetails"];
export type FieldProblem = components["schemas"]["FieldProblem"];

/** What a refusal may carry beside the common members: docs/ERRORS.md. */
interface Extras {
  limit?: number;
  used?: number;
  resets_at?: string | null;
  feature?: string;
  required_plan?: string;
  current_plan?: string;
}

/** A request that was refused, or that did not arrive. `code` and `reason` are those of docs/ERRORS.md, or one of ours. */
export class Problem extends Error {
  readonly code: string;
  readonly reason: string | undefined;
  readonly status: number;
  /** The sentence of the server, in the member's language. Empty where no server answered. */
  readonly detail: string;
  readonly fields: FieldProblem[];
  readonly extras: Extras;
  /** Seconds to wait before the next attempt, where the server says so. */
  readonly retryAfter: number | undefined;
  readonly requestId: string | undefined;

  constructor(details: Partial<Details> & { code: string }, response?: Response) {
    super(details.code);
    this.code = details.code;
    this.reason = details.reason ?? undefined;
    this.status = details.status ?? response?.status ?? 0;
    this.detail = details.detail ?? "";
    this.fields = details.errors ?? [];
    this.extras = details as Extras;
    const wait = Number(response?.headers.get("Retry-After"));
    this.retryAfter = Number.isFinite(wait) && wait > 0 ? wait : undefined;
    this.requestId = details.request_id ?? response?.headers.get("X-Request-Id") ?? undefined;
  }

  /** Whether the code or the reason says so: a special case may stand in either place (docs/ERRORS.md). */
  is(code: string): boolean {
    return this.code === code || this.reason === code;
  }

  /** Whether the same request may well succeed a little later. */
  get passing(): boolean {
    return this.code === "offline" || this.code === "slow" || this.status === 503 || this.status === 502;
  }
}

/** The problem that an answer other than 2xx tells, whatever its body is. */
export async function problemOf(response: Response, body?: unknown): Promise<Problem> {
  const details = body ?? (await response.json().catch(() => undefined));
  if (details && typeof details === "object" && "code" in details && typeof details.code === "string") {
    return new Problem(details as Details, response);
  }
  return new Problem({ code: response.status >= 500 ? "unavailable" : "internal", status: response.status }, response);
}

/** What a failed `fetch` means: the deadline passed, or nothing was reached. */
export function unreached(cause: unknown): Problem {
  const slow = cause instanceof DOMException && cause.name === "TimeoutError";
  return new Problem({ code: slow ? "slow" : "offline" });
}
