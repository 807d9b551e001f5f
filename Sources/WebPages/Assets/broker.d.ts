/**
 * The broker's client for web pages, an ES module without dependencies:
 *
 *     import { connect } from "http://127.0.0.1:8080/broker.js";
 *     const inbox = connect({ recipient: "u42" });
 *     inbox.on("message", ({ sender, content }) => console.log(sender, content));
 *     await inbox.send({ content: "hello" });
 *
 * A connection *follows*: it takes nothing from the inbox, so any number of pages may read the same one. Whatever
 * breaks, it goes on from its cursor and neither loses nor doubles a message; what the broker had to drop it reports as
 * a gap, with the number.
 *
 * How it works:
 * - It begins with a poll that does not wait. That brings what there is, and tells why the broker refuses, if it does.
 * - Then it opens a stream. If the stream's first bytes do not come within `openSeconds` although the broker answers
 *   polls, something between them buffers or blocks streams; then it polls long, and if that does not get through
 *   either, at intervals. The same if a stream begins, but twice running neither a ping nor a message follows. Every
 *   `upgradeSeconds` it tries the better way again. The cursor is the same for all.
 * - The tabs of a browser that follow the same have one connection: the tab that holds a Web Lock leads, that is, it
 *   connects, and tells the others over a BroadcastChannel. Each tab has a cursor of its own. What the leader tells is
 *   `{from, answer, cursor}`: a tab whose cursor is `from` takes the answer; one that is elsewhere polls once for what
 *   it lacks. If the leader is closed or frozen the next tab gets the lock; if it falls silent another takes it away.
 * - After an interruption it waits 0.5 to 1 s, then twice as long, up to 30 s.
 * - A page that is frozen or goes into the back/forward cache lets go of its connection and its lock; when it comes
 *   back, it goes on from its cursor.
 *
 * Browsers have Web Locks on https and on localhost alone. Elsewhere each tab connects by itself, and of those a
 * browser allows six to one host over HTTP/1.1.
 */

/** A message, as `GET /v1/poll` gives it. */
export interface Message<Content = any> {
  /** Unique; ack with it. */
  id: string;
  recipient: string;
  sender?: string;
  type?: string;
  content: Content;
  /** RFC 3339, with milliseconds, in UTC. */
  sentAt: string;
  /** Of a leased message: 1 the first time. */
  attempt?: number;
}

/** What to send: the body of `POST /v1/send`. */
export interface Letter {
  /** One recipient, */
  recipient?: string;
  /** or up to 1000. */
  recipients?: string[];
  sender?: string;
  type?: string;
  /** Any JSON value. */
  content: unknown;
  ttlSeconds?: number;
  /** The idempotency key, good for five minutes; made if there is none. */
  key?: string;
}

/** What the broker says to a send. */
export interface Receipt {
  success: "1";
  id?: string;
  /** How many readers were waiting or streaming. */
  online?: number;
  unread?: number;
  evicted?: number;
  duplicate?: true;
  /** If there were several recipients: one for each, in order. */
  results?: Array<{ recipient: string; id?: string; online?: number; unread?: number; error?: { code: string; detail: string } }>;
}

/** The answer of a poll. */
export interface Answer<Content = any> {
  success: "0" | "1";
  messages?: Message<Content>[];
  cursor?: string;
  unread?: number;
  gap?: { lost: number };
  reset?: true;
}

/** Whether somebody reads an inbox. */
export interface Presence {
  recipient: string;
  online: boolean;
}

export interface State {
  name:
    | "connecting"
    /** The broker answers; `transport` is how. */
    | "connected"
    /** It does not; at `retryAt` it is asked again, `reason` is what went wrong. */
    | "reconnecting"
    /** The same, and the browser has no network. */
    | "offline"
    | "closed";
  transport?: "stream" | "poll" | "interval";
  /** Milliseconds since 1970. */
  retryAt?: number;
  reason?: string;
}

export interface Options {
  /** Whose inbox, or up to 100 of them. */
  recipient: string | string[];
  /** Where the broker is; if not said, where this module came from. */
  url?: string;
  /** "0" (if not said) from the oldest message kept, "now" only new ones, or a cursor of before. */
  cursor?: string;
  /** Keep the cursor in localStorage, by url and recipients, and go on from it after a reload; where storage is blocked
   * or full, do without. */
  remember?: boolean;
  /** Whose coming and going to tell, up to 100 names: how it is at the start, then each change. Over streams only; where
   * polls have to do, ask `GET /v1/presence`. */
  presence?: string[];
  /** Which way to try first, or one of your own. */
  transport?: "stream" | "poll" | "interval" | Transport;
  /** Whether tabs that follow the same share a connection; true if not said. With a transport of your own, say false. */
  share?: boolean;
  /** How long to wait for the first bytes of a stream; 5. */
  openSeconds?: number;
  /** How long a poll waits at the broker; 25, which is less than proxies allow. */
  pollSeconds?: number;
  /** Between polls that do not wait; 5. */
  intervalSeconds?: number;
  /** A connection silent for longer is dead; 40. More than the broker's --ping-seconds (15). While it polls, one and a
   * half times what a poll waits, or the pause between polls, if that is longer. */
  silenceSeconds?: number;
  /** When to try the first way again, after falling back; 300. */
  upgradeSeconds?: number;
}

/** What a transport gets. It delivers what follows the cursor and throws when it breaks or `signal` aborts. */
export interface Link extends Options {
  url: string;
  signal: AbortSignal;
  /** The path and query of a request for these inboxes, from the cursor on. */
  path(path: "/v1/poll" | "/v1/stream", fields: Record<string, string | number>): string;
  /** Takes one object of a stream: a message, or a control object that has `event`. Throws at its end. */
  receive(item: object, cursor?: string): void;
  /** Polls once and delivers. */
  poll(timeoutSeconds: number): Promise<Answer>;
  /** Gives this attempt up. */
  abort(reason: Error): void;
}
export type Transport = (link: Link) => Promise<void>;

interface Events<Content> {
  message: Message<Content>;
  /** So many messages are gone, before the next. */
  gap: { lost: number };
  /** The broker was restarted or the inbox removed: what follows begins at its oldest message. */
  reset: {};
  presence: Presence;
  state: State;
}

/** Follows one inbox or several. Its events are CustomEvents; `detail` is what `on` gives. */
export interface Connection<Content = any> extends EventTarget, AsyncIterable<Message<Content>> {
  /** Behind the last message delivered. It moves after the listeners of a message have run. If one closes
   * before all messages of an answer were delivered, it stays in front of that answer, which then comes again. */
  cursor: string;
  readonly state: State;
  /** Listens; the function that it returns ends that. Listen at once: what there is comes soon after `connect`. */
  on<Type extends keyof Events<Content>>(type: Type, listener: (detail: Events<Content>[Type]) => void): () => void;
  /** Messages from now on, until `close`. Those that are not consumed yet are kept. */
  [Symbol.asyncIterator](): AsyncGenerator<Message<Content>>;
  /** Sends, to the (first) recipient of this connection unless the letter names others. See `send`. */
  send(letter: Letter): Promise<Receipt>;
  /** Marks read: up to an id or cursor, or an array of ids. Gives the number that is still unread. */
  ack(upTo: string | string[], recipient?: string): Promise<number>;
  /** How many are unread. */
  unread(recipient?: string): Promise<number>;
  /** One poll beside the following. Without `cursor` it takes; with `lease` it leases. `timeout` is 0 if not said. */
  poll(
    fields?: { cursor?: string; timeout?: number; limit?: number; lease?: number; session?: string },
    signal?: AbortSignal,
  ): Promise<Answer<Content>>;
  /** Tries at once instead of waiting. */
  retry(): void;
  close(): void;
}

export function connect<Content = any>(options: Options): Connection<Content>;

/** Sends; tries again, `attempts` (4) times in all, as long as the broker cannot be reached or refuses for the moment. */
export function send(letter: Letter, options?: { url?: string; attempts?: number }): Promise<Receipt>;

/** Calls the broker: GET, or POST with a JSON body. Gives the answer; throws a Refusal, or what `fetch` throws. */
export function request(
  path: string,
  options?: { url?: string; method?: string; body?: object; signal?: AbortSignal },
): Promise<any>;

/** The server's own "no", as its problem document told it, or what a proxy answered (then without `code`). */
export class Refusal extends Error {
  constructor(problem: { code?: string; detail?: string; status?: number });
  code?: string;
  status?: number;
  /** Whether the same request may well succeed later. */
  isTemporary: boolean;
}

/** Milliseconds to wait before attempt number `attempts`: 1 s, doubled up to 30 s, half of it random so that the pages
 * of a restarted server do not come back in step. */
export function backoff(attempts: number): number;

/** A random text that nobody else has. */
export function randomKey(): string;
