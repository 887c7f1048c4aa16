// The typed client of the API: every path, body and answer comes out of docs/openapi.json.
import createClient from "openapi-fetch";
import { language } from "@/words";
import { problemOf, unreached } from "./problem";
import type { components, paths } from "./schema";
import { accessToken, renew } from "./session";

export type Schemas = components["schemas"];

/** Longer than the server's own limit of 30 s, so that its answer is the one that counts. */
const DEADLINE_MS = 35_000;

/** Adds the token and the language. A token that has just ended is renewed and the request repeated, once. */
async function send(request: Request): Promise<Response> {
  const spare = request.clone();
  const token = accessToken();
  const response = await once(request, token);
  if (response.status !== 401 || token === undefined) return response;
  const problem = await problemOf(response.clone());
  // A wrong password and a missing second factor are 401 too; a new token would change nothing.
  if (problem.code !== "unauthenticated" || problem.reason !== undefined) return response;
  return (await renew(token)) ? once(spare, accessToken()) : response;
}

async function once(request: Request, token: string | undefined): Promise<Response> {
  if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
  request.headers.set("Accept-Language", language());
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(DEADLINE_MS)]);
  return fetch(request, { signal }).catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreached(cause);
  });
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** The data of an answer. Throws its Problem when it was refused. */
export async function ok<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw await problemOf(response, error);
  return data as T;
}
