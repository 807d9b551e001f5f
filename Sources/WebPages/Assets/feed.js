// Reads one inbox over any of three transports with one cursor, and gets over every interruption.
//
// A feed *follows*: it gives a cursor and changes nothing in the inbox, so any number of pages may read the same one.
// The cursor moves when a message has been handed on, never before; whatever breaks, the next connection goes on from
// it and neither loses nor doubles a message. What the broker had to drop it reports as a gap, with the number.

/** Streams send a ping every 15 s, a poll is answered after 25 s: a connection silent for longer than this is dead. */
const silenceMax = 40_000;
const pollSeconds = 25;

/** A feed that held this long was a good one: the next interruption starts its back-off anew. */
const steadyAfter = 10_000;

/** Milliseconds to wait before attempt number `attempts`: 1 s, doubled up to 30 s, half of it random so that the pages
 * of a restarted server do not come back in step. */
export const backoff = (attempts) => Math.min(30_000, 1000 * 2 ** attempts) * (0.5 + Math.random() / 2);

/** `crypto.randomUUID` would be shorter, but exists only on https and localhost. */
export const randomHex = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The server's own "no", as a problem document told it. Anything else that goes wrong is an ordinary Error. */
export class Refusal extends Error {
  static #temporary = new Set([
    "request_timeout", "inbox_full", "rate_limited", "internal_error", "draining", "overloaded", "broker_full",
  ]);

  constructor({ code, detail, status }) {
    super(detail ?? code);
    Object.assign(this, { code, status });
  }

  /** Whether the same request may well succeed later. */
  get isTemporary() {
    return this.status >= 500 || Refusal.#temporary.has(this.code);
  }
}

/** Calls the broker: GET, or POST when there is a body. Gives the answer's JSON or throws. */
export async function call(path, { body, headers, signal = AbortSignal.timeout(15_000) } = {}) {
  const response = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: body ? { "Content-Type": "application/json", ...headers } : headers,
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal,
  });
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

export class Feed {
  /** How far this reader has come; "0" is the oldest message kept. */
  cursor = "0";
  /** `name` is connecting, connected, reconnecting or offline; `retryAt` is set while it waits, `reason` says why. */
  state = { name: "connecting" };

  #recipient;
  #transport;
  #handlers;
  // Lets the server end what is left of this page's earlier connection, should it not have noticed.
  #session = randomHex();
  #life = new AbortController();
  #link = new AbortController();
  #attempts = 0;
  #connectedAt = 0;
  #watchdog;
  #retryTimer;

  /** `handlers`: message(message), gap(lost), reset(), state(state). Nothing happens before `start`. */
  constructor(recipient, transport, handlers) {
    this.#recipient = recipient;
    this.#transport = transport;
    this.#handlers = handlers;
  }

  start() {
    const { signal } = this.#life;
    addEventListener("online", () => this.retry(), { signal });
    addEventListener("offline", () => this.#fail(new Error("the network is gone")), { signal });
    this.#connect();
    return this;
  }

  stop() {
    this.#life.abort();
    this.#hangUp();
  }

  /** Tries at once instead of waiting. */
  retry() {
    if (this.state.retryAt) this.#connect();
  }

  /** Starts again at the oldest message kept. */
  rewind() {
    this.cursor = "0";
    this.#show({ name: "connecting" });
    this.#connect();
  }

  /** Each connection begins with a poll that does not wait. It brings what is there already, and unlike an EventSource
   * or an iframe it tells *why* the server refuses. Then the transport takes over, until it throws or is hung up. */
  async #connect() {
    this.#hangUp();
    const { signal } = (this.#link = new AbortController());
    this.#alive();
    if (this.state.name !== "connecting") this.#show({ name: navigator.onLine ? "reconnecting" : "offline" });
    try {
      this.receiveAll(await this.poll(0, signal));
      this.#connectedAt = performance.now();
      this.#show({ name: "connected" });
      await this.#transport(this, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.code === "invalid_request" && this.cursor !== "0") {
        this.cursor = "0";
        this.#handlers.reset();
      }
      this.#fail(error);
    }
  }

  #hangUp() {
    this.#link.abort();
    clearTimeout(this.#watchdog);
    clearTimeout(this.#retryTimer);
  }

  #fail(error) {
    this.#hangUp();
    if (this.state.name === "connected" && performance.now() - this.#connectedAt > steadyAfter) this.#attempts = 0;
    const delay = backoff(this.#attempts++);
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
    const name = navigator.onLine ? "reconnecting" : "offline";
    this.#show({ name, retryAt: Date.now() + delay, reason: error.message });
  }

  #alive() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#fail(new Error("the server fell silent")), silenceMax);
  }

  #show(state) {
    this.state = state;
    this.#handlers.state(state);
  }

  // What the transports use.

  url(path, parameters) {
    const all = { recipient: this.#recipient, cursor: this.cursor, session: this.#session, ...parameters };
    return `${path}?${new URLSearchParams(all)}`;
  }

  async poll(timeout, signal) {
    const answer = await call(this.url("/v1/poll", { timeout, limit: 1000 }), { signal });
    signal.throwIfAborted();
    return answer;
  }

  /** Takes the answer of a poll. */
  receiveAll({ messages = [], cursor = this.cursor, gap, reset }) {
    this.#alive();
    if (reset) this.#handlers.reset();
    if (gap) this.#handlers.gap(gap.lost);
    for (const message of messages) this.#handlers.message(message);
    this.cursor = cursor;
  }

  /** Takes one object of a stream: a message, or a control object that has `event`. */
  receive(item, cursor = item.cursor ?? item.id) {
    this.#alive();
    if (item.event === undefined) this.#handlers.message(item);
    if (item.event === "gap") this.#handlers.gap(item.lost);
    if (item.event === "reset") this.#handlers.reset();
    if (cursor) this.cursor = cursor;
    if (item.event === "bye") this.#fail(new Error(`the server ended the stream: ${item.reason}`));
  }
}

// A transport delivers what follows `feed.cursor` until `signal` aborts; it throws when its connection ends. Each holds
// one connection open, and over HTTP/1.1 a browser opens six to one server, counted over all its tabs.

/** Long polling: one request is always parked at the server, which answers it as soon as there is something to tell. */
export async function poll(feed, signal) {
  for (;;) {
    const askedAt = performance.now();
    const answer = await feed.poll(pollSeconds, signal);
    feed.receiveAll(answer);
    // "Nothing" ahead of time means that the server is going, or the inbox is gone. Asking again at once would spin.
    if (answer.success === "0" && performance.now() - askedAt < 1000) throw new Error("the server ended the poll");
  }
}

/** Server-sent events. `EventSource` would reconnect by itself, but shows neither when nor why, so `Feed` does it. */
export function sse(feed, signal) {
  return new Promise((_, reject) => {
    const source = new EventSource(feed.url("/v1/stream", { as: "sse" }));
    signal.addEventListener("abort", () => source.close());
    source.addEventListener("error", () => reject(new Error("the stream broke off")));
    source.addEventListener("message", ({ data, lastEventId }) => feed.receive(JSON.parse(data), lastEventId));
    for (const event of ["ping", "gap", "reset", "bye"]) {
      source.addEventListener(event, ({ data, lastEventId }) =>
        feed.receive({ event, ...JSON.parse(data) }, lastEventId),
      );
    }
  });
}

/** The forever-iframe: a hidden page that never finishes loading and calls a function of ours with each message. */
export async function iframe(feed, signal) {
  // Nor would the page around it finish, had it not done so before.
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve));
  signal.throwIfAborted();
  await new Promise((_, reject) => {
    const callback = `feed_${randomHex()}`;
    const frame = document.createElement("iframe");
    signal.addEventListener("abort", () => {
      frame.remove();
      delete window[callback];
    });
    window[callback] = (item) => {
      // The script that calls has done its work; kept, they would fill the memory of a page that is open for days.
      frame.contentDocument.currentScript?.remove();
      feed.receive(item);
    };
    frame.addEventListener("load", () => reject(new Error("the stream broke off")));
    frame.hidden = true;
    frame.src = feed.url("/v1/stream", { as: "iframe", callback: `parent.${callback}` });
    document.body.append(frame);
  });
}
