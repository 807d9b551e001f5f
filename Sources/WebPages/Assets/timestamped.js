// The protocol of the old tutorial: the page remembers a `timestamp`, asks for what came after it, and gets a new one.
// A timestamp finds one of two messages of the same second; so here it is a cursor, which the page passes on unread.
// Beside /broker.js, this is what it takes at least: one loop, and one request at a time.

import { backoff } from "/broker.js";

export class Timestamped extends EventTarget {
  state = { name: "connecting" };
  #recipient;
  #timestamp = "0";
  #end = new AbortController();
  #retry;

  constructor({ recipient }) {
    super();
    this.#recipient = recipient;
    this.#run();
  }

  on(type, listener) {
    this.addEventListener(type, ({ detail }) => listener(detail));
  }

  retry() {
    this.#retry?.();
  }

  close() {
    this.#end.abort();
  }

  async #run() {
    for (let failures = 0; !this.#end.signal.aborted; ) {
      try {
        await this.#ask(this.state.name === "connected" ? 25 : 0);
        failures = 0;
        if (this.state.name !== "connected") this.#show({ name: "connected" });
      } catch (error) {
        if (this.#end.signal.aborted) return;
        const delay = backoff(failures++);
        this.#show({ name: "reconnecting", retryAt: Date.now() + delay, reason: error.message });
        await new Promise((resolve) => setTimeout((this.#retry = resolve), delay));
      }
    }
  }

  /** Asks what came after the timestamp. */
  async #ask(timeout) {
    const query = new URLSearchParams({ recipient: this.#recipient, cursor: this.#timestamp, timeout });
    const response = await fetch(`/v1/poll?${query}`, { cache: "no-store", signal: this.#end.signal });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    if (answer.reset) this.#tell("reset", {});
    if (answer.gap) this.#tell("gap", answer.gap);
    for (const message of answer.messages ?? []) this.#tell("message", message);
    this.#timestamp = answer.cursor ?? this.#timestamp;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #show(state) {
    this.state = state;
    this.#tell("state", state);
  }
}
