// Sending that loses nothing.

import { Refusal, backoff, randomKey, request } from "/broker.js";

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
    this.#prefix = `outbox:${owner}:`;
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
    const { ref, recipients, sender, type, text, from } = letter;
    this.#show(letter, "pending");
    try {
      const body = { recipients, sender, type, content: { text, ref, from }, key: ref };
      const { results } = await request("/v1/send", { body });
      // One inbox may have taken it and another not. Sent is what all have.
      const { error } = results.find(({ error }) => error) ?? {};
      if (error) throw new Refusal(error);
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
