/** The only module that calls fetch: every request of the UI, and every error as an ApiError. */
import { signal } from "@preact/signals";

import { lost, loseSession, returned, token } from "./session.js";

/** False while the last request got no answer at all. */
export const reachable = signal(true);

const TRIES = 3;
const PAUSE_MS = 400;

/** Why a request failed. status 0: no answer came. errors: [{field, code, detail}], field is a dotted path. */
export class ApiError extends Error {
  constructor(status, problem, retryAfter = null) {
    super(problem.detail || problem.title || "The request failed.");
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId ?? null;
    this.retryAfter = retryAfter;
  }

  /** What is wrong with one field, or null. */
  of(field) {
    return this.errors.find((error) => error.field === field)?.detail ?? null;
  }
}

/** Of one intent: a repeated request with the same key is carried out once. */
export const newKey = () =>
  crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
const hex = (byte) => byte.toString(16).padStart(2, "0");

const address = (path, query = {}) => {
  const url = new URL(`api/${path}`, document.baseURI.split("#")[0]);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") url.searchParams.append(name, each);
    }
  }
  return url;
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const ME = "me";

async function send(method, path, options = {}) {
  if (lost.value && path !== ME) return sendLater(method, path, options);
  const { query, body, headers = {}, signal: abort, raw } = options;
  const init = {
    method, headers: { ...headers }, signal: abort, cache: "no-store", credentials: "omit",
    keepalive: method === "DELETE",
  };
  if (token.value) init.headers.Authorization = `Bearer ${token.value}`;
  if (body !== undefined) {
    init.headers["Content-Type"] ??= "application/json";
    init.body = init.headers["Content-Type"] === "application/json" ? JSON.stringify(body) : body;
  }
  const sent = token.value;
  const response = await answered(
    () => fetch(address(path, query), init),
    method === "GET" || "Idempotency-Key" in headers,
  );
  if (response.ok) return raw ? response : response.status === 204 ? null : response.json();
  const error = new ApiError(response.status, await problemOf(response), seconds(response.headers.get("Retry-After")));
  if (response.status === 401 && sent !== null && sent === token.value) loseSession(error.message);
  if (response.status === 401 && lost.value && path !== ME) return sendLater(method, path, options, error);
  throw error;
}

/** What was to be read is read when the same person is back; what was to be changed is refused: they may ask again. */
async function sendLater(method, path, options, error = new ApiError(401, { detail: "You are signed out." })) {
  if (method === "GET" && (await returned())) return send(method, path, options);
  throw error;
}

/** The answer; where a repeat does no harm, a lost connection is tried again. */
async function answered(request, repeatable) {
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await request();
      reachable.value = true;
      return response;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (repeatable && tries < TRIES) {
        await pause(PAUSE_MS * tries);
        continue;
      }
      reachable.value = false;
      throw new ApiError(0, {
        code: "unreachable",
        detail: "The API does not answer. Nothing you typed is lost; try again.",
      });
    }
  }
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { detail: `The server answered ${response.status} ${response.statusText}.` };
  }
}

const seconds = (text) => (text && /^\d+$/.test(text) ? Number(text) : null);
const matching = (revision) => ({ "If-Match": revision === "*" ? "*" : `"${revision}"` });

export const api = {
  get: (path, query, signal) => send("GET", path, { query, signal }),
  /** Whose token it is. */
  me: () => send("GET", ME),
  /** key: newKey() of the moment when the person decided; keep it over repeats. */
  post: (path, body = {}, { key = newKey(), query, signal } = {}) =>
    send("POST", path, { body, query, signal, headers: { "Idempotency-Key": key } }),
  /** A POST that changes nothing (previews), or that changes a known revision. */
  ask: (path, body = {}, { query, signal } = {}) => send("POST", path, { body, query, signal }),
  act: (path, revision, body = {}) =>
    send("POST", path, { body, headers: { ...matching(revision), "Idempotency-Key": newKey() } }),
  put: (path, body, revision, query) =>
    send("PUT", path, { body, query, headers: revision == null ? {} : matching(revision) }),
  patch: (path, body, revision, query) => send("PATCH", path, { body, query, headers: matching(revision) }),
  remove: (path, revision, query) => send("DELETE", path, { query, headers: matching(revision) }),
  sendCsv: (path, text, query) =>
    send("POST", path, { body: text, query, headers: { "Content-Type": "text/csv", "Idempotency-Key": newKey() } }),
  /** The whole file as a Blob. */
  download: async (path) => (await send("GET", path, { raw: true })).blob(),
};
