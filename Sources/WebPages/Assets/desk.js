// What the two sides of the customer-service desk share: names, and sending that loses nothing.
//
// Who writes where:
// - `desk:visitor-482`, one inbox a customer, holds the whole conversation: questions, answers, notices. Every tab of
//   the customer and every agent who looks at it follows it from the start; nobody acks it, so its messages stay as
//   long as the broker keeps unread ones (24 h). When it is full, the broker drops the oldest that were delivered.
// - `desk:support`, one for all agents, holds a second copy of each question. What is unread here waits for an agent.
// A question goes to both with one send; its content is `{"text": …, "ref": …}`, and the `ref` tells that two copies
// are one question. Whatever else comes to `desk:support` is a notice.

import { Refusal, backoff, randomKey, request } from "/broker.js";

export const supportInbox = "desk:support";
export const visitorInboxPrefix = "desk:visitor-";
export const inboxOf = (name) => `desk:${name}`;
export const isVisitor = (name) => /^visitor-\d{3,6}$/.test(name);

/** The name of whoever uses this browser, `visitor-482` or `agent-7140`: made on the first visit, kept for a year.
 * It is a label and no secret: who knows it can read along. */
export function ownName(kind) {
  const known = document.cookie.match(new RegExp(`(?:^|; )desk-${kind}=(${kind}-\\d{3,6})(?:;|$)`));
  const name = known?.[1] ?? `${kind}-${100 + (crypto.getRandomValues(new Uint32Array(1))[0] % 999_900)}`;
  document.cookie = `desk-${kind}=${name}; path=/desk; max-age=${365 * 24 * 3600}; samesite=strict`;
  return name;
}

export const isQuestion = ({ type, sender, content }) =>
  type === "question" && isVisitor(sender) && typeof content?.ref === "string";

/** Of what may be refused in one of several inboxes and pass. */
const statusOf = { inbox_full: 429, draining: 503, broker_full: 507 };

/** The text to show: this desk sends `{"text": …, "ref": …}`, a service with `curl` perhaps just a string. */
export function textOf({ content }) {
  if (typeof content === "string") return content;
  return typeof content?.text === "string" ? content.text : JSON.stringify(content, null, 2);
}

/** What copies of one message have in common: the desk's own `ref`, else the id. */
export const refOf = ({ id, content }) => (typeof content?.ref === "string" ? content.ref : id);

/** Sends letters in order and keeps each one, through reloads too, until the broker has promised to.
 *
 * A letter is `{ref, recipients, sender, type, text}`, and what else a page wants to remember with it. Its `ref` is the
 * idempotency key, so that trying again can do no harm: inboxes that have the letter answer as before, the others get
 * it now. The key is good for five minutes; after that a page still recognises a second copy by the `ref` within. */
export class Outbox {
  #prefix;
  #show;
  #letters = new Map();
  #attempts = 0;
  #sending = false;
  #timer;

  /** `show(letter, state, reason)` is told of every change: state is pending, waiting, refused, sent or withdrawn. */
  constructor(owner, show) {
    this.#prefix = `desk-outbox:${owner}:`;
    this.#show = show;
    addEventListener("online", () => this.flush());
    for (const letter of this.#stored()) this.#letters.set(letter.ref, letter);
  }

  /** The letters that are not sent yet. */
  get letters() {
    return [...this.#letters.values()];
  }

  post(letter) {
    this.#keep({ ref: randomKey(), writtenAt: Date.now(), ...letter });
    this.flush();
  }

  /** Tries a letter again now, also one that was refused. */
  retry(ref) {
    const { refusal, ...letter } = this.#letters.get(ref) ?? {};
    if (refusal) this.#keep(letter);
    this.flush();
  }

  /** Gives up a letter. */
  withdraw(ref) {
    this.#drop(this.#letters.get(ref), "withdrawn");
  }

  /** Sends what waits, oldest first, until all is sent or the broker cannot be reached. */
  async flush() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    try {
      for (const letter of this.#letters.values()) if (!letter.refusal) await this.#send(letter);
      this.#attempts = 0;
    } catch (error) {
      for (const letter of this.letters) if (!letter.refusal) this.#show(letter, "waiting", error.message);
      this.#timer = setTimeout(() => this.flush(), backoff(this.#attempts++));
    } finally {
      this.#sending = false;
    }
  }

  /** Shows the letters of an earlier visit again. */
  showAll(wanted = () => true) {
    for (const letter of this.letters.filter(wanted)) {
      this.#show(letter, letter.refusal ? "refused" : "pending", letter.refusal);
    }
  }

  /** Returns when the letter is sent or refused for good; throws if it may be tried again. */
  async #send(letter) {
    const { ref, recipients, sender, type, text } = letter;
    this.#show(letter, "pending");
    try {
      const body = { recipients, sender, type, content: { text, ref }, key: ref };
      const { results } = await request("/v1/send", { body });
      // One inbox may have taken it and another not. Sent is what all have.
      const { error } = results.find(({ error }) => error) ?? {};
      if (error) throw new Refusal({ ...error, status: statusOf[error.code] ?? 400 });
      this.#drop(letter, "sent");
    } catch (error) {
      if (!(error instanceof Refusal) || error.isTemporary) throw error;
      this.#keep({ ...letter, refusal: error.message });
    }
  }

  #keep(letter) {
    this.#letters.set(letter.ref, letter);
    this.#show(letter, letter.refusal ? "refused" : "pending", letter.refusal);
    try {
      localStorage.setItem(this.#prefix + letter.ref, JSON.stringify(letter));
    } catch {
      // Storage is full or switched off: the letter lives as long as this page.
    }
  }

  #drop(letter, state) {
    this.#letters.delete(letter.ref);
    this.#show(letter, state);
    try {
      localStorage.removeItem(this.#prefix + letter.ref);
    } catch {
      // As above.
    }
  }

  #stored() {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix));
      const letters = keys.map((key) => JSON.parse(localStorage.getItem(key)));
      return letters.sort((one, other) => one.writtenAt - other.writtenAt);
    } catch {
      return [];
    }
  }
}
