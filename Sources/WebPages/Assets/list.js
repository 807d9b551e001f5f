// The agent's list of customers: who asked last stands on top, each with the count of what is unread.

import { make, t, timeElement } from "./dom.js";

/** Positive if `one` stands above `other`: by the last question, then by when the customer was last there. */
const compare = (one, other) =>
  one.askedAt - other.askedAt || one.seenAt - other.seenAt || (one.name > other.name ? 1 : -1);

/** Holds one entry a customer: {name, title, unread: id → message, askedAt, seenAt, text, isUnsent, link, item}. */
export class CustomerList {
  #element;
  #entries = new Map();
  #onChange;
  #tabStop = null;
  #open = null;

  /** `onChange()` is called whenever anything has changed. */
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
    element.addEventListener("keydown", (event) => this.#move(event));
  }

  /** How many messages are unread, over all customers. */
  get unread() {
    return [...this.#entries.values()].reduce((sum, { unread }) => sum + unread.size, 0);
  }

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** The entry whose conversation is open, or null. */
  get open() {
    return this.#open;
  }

  set open(entry) {
    const previous = this.#open;
    this.#open = entry;
    if (previous) this.show(previous);
    if (entry) this.show(entry);
  }

  /** The entry of a customer, made if there was none. */
  entry(name, title = name) {
    if (!this.#entries.has(name)) {
      const link = make("a", { href: `#${name}`, tabIndex: -1 });
      const item = make("li", {}, link);
      const entry = { name, title, unread: new Map(), askedAt: 0, seenAt: 0, text: "", isUnsent: false, link, item };
      this.#entries.set(name, entry);
      this.show(entry);
    }
    return this.#entries.get(name);
  }

  /** Takes messages off the counts: they are read. */
  forget(ids) {
    for (const entry of this.#entries.values()) {
      if (ids.filter((id) => entry.unread.delete(id)).length > 0) this.show(entry);
    }
  }

  forgetAll() {
    for (const entry of this.#entries.values()) {
      entry.unread.clear();
      this.show(entry);
    }
  }

  /** Draws an entry that has changed and puts it in its place. */
  show(entry) {
    const { link, title, askedAt, unread } = entry;
    const text = entry.isUnsent ? t("An answer is not sent yet", "有回复尚未发送") : entry.text;
    link.replaceChildren(
      make("span", { className: "who" }, title),
      askedAt ? timeElement(askedAt) : "",
      make("span", { className: "preview", dir: "auto" }, text),
    );
    if (unread.size) link.append(make("span", { className: "unread" }, unread.size, make("span", {}, t(" unread", " 条未读"))));
    link.ariaCurrent = entry === this.#open ? "true" : null;
    this.#place(entry);
    // Tab stops where the agent is, else at the open conversation, else on top.
    if (!this.#element.contains(document.activeElement)) {
      this.#stopAt(this.#open?.link ?? this.#element.querySelector("a"));
    }
    this.#onChange();
  }

  #place(entry) {
    const { link, item } = entry;
    let next = null;
    for (const other of this.#entries.values()) {
      if (other !== entry && compare(entry, other) > 0 && (!next || compare(other, next) > 0)) next = other;
    }
    const before = next?.item ?? null;
    if (item.isConnected && item.nextElementSibling === before) return;
    // Moving an element takes the focus from it.
    const hadFocus = document.activeElement === link;
    this.#element.insertBefore(item, before);
    if (hadFocus) link.focus();
  }

  /** The list is one stop for Tab; the arrow keys move within it, Enter opens. */
  #stopAt(link) {
    if (this.#tabStop) this.#tabStop.tabIndex = -1;
    this.#tabStop = link;
    link.tabIndex = 0;
  }

  #move(event) {
    const links = [...this.#element.querySelectorAll("a")];
    const here = links.indexOf(document.activeElement);
    const target = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: links.length - 1 }[event.key];
    if (!links[target]) return;
    event.preventDefault();
    this.#stopAt(links[target]);
    links[target].focus();
  }
}
