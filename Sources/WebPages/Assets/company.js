// Who is in a room. Each page says so now and then in `here:ROOM`, whose messages live only that long; the answer tells
// how many connections read along. Who says nothing for a while, or goodbye, is gone.

import { connect, send } from "/broker.js";

// The timers of a hidden page run once a minute.
const beatSeconds = 25;
const hereSeconds = 75;

export class Company {
  #inbox;
  #room;
  #me;
  #show;
  #people = new Map();
  #connections = 0;
  #heardOfMe = 0;
  #timer;

  /** `show(people, connections)` is called with every change; people are `{id, name}`. */
  constructor(room, me, show) {
    this.#room = room;
    this.#me = me;
    this.#show = show;
    this.#inbox = connect({ recipient: `here:${room}` });
    this.#inbox.on("message", (message) => this.#heard(message));
    this.#inbox.on("state", ({ name }) => {
      if (name !== "connected") return;
      this.beat();
      // Once more when the stream is open, for the number of connections.
      setTimeout(() => this.beat(), 1000);
    });
    this.#inbox.on("reset", () => this.#people.clear());
    this.#timer = setInterval(() => {
      // Another tab of this browser may have said it already.
      if (performance.now() - this.#heardOfMe > (beatSeconds * 1000) / 2) this.beat();
      this.#forget();
    }, beatSeconds * 1000);
  }

  /** Says that I am here. */
  async beat() {
    if (this.#inbox.state.name === "closed") return;
    try {
      const { online } = await send(this.#word("here"), { attempts: 1 });
      this.#connections = online;
      this.#update();
    } catch {
      // The next time, or when the connection is back.
    }
  }

  /** Says goodbye. */
  leave() {
    clearInterval(this.#timer);
    this.#inbox.close();
    // This one may outlive the page.
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(this.#word("left"));
    fetch("/v1/send", { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }

  #word(type) {
    const { id, name } = this.#me;
    return { recipient: `here:${this.#room}`, sender: name, type, content: { id }, ttlSeconds: hereSeconds };
  }

  #heard({ type, sender, content }) {
    const id = content?.id;
    if (typeof id !== "string" || typeof sender !== "string") return;
    if (type === "here") this.#people.set(id, { id, name: sender, until: performance.now() + hereSeconds * 1000 });
    if (type === "left") this.#people.delete(id);
    if (id === this.#me.id) {
      this.#heardOfMe = performance.now();
      // Another tab has gone, this one is still here.
      if (type === "left" && this.#inbox.state.name === "connected") this.beat();
    }
    this.#update();
  }

  #forget() {
    for (const [id, { until }] of this.#people) if (until < performance.now()) this.#people.delete(id);
    this.#update();
  }

  #update() {
    const people = [...this.#people.values()].sort((one, other) => (one.name > other.name ? 1 : -1));
    this.#show(people, this.#connections);
  }
}
