// What the two sides of the desk show: the conversation, the state of the connection, and the field to write in.
//
// Text from people goes into the page through `textContent` alone, so there is nothing to escape and nothing to forget.

import { refOf, textOf } from "./desk.js";

/** Makes an element: `make("p", {className: "note"}, "text", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const button = (label, onclick) => make("button", { type: "button", onclick }, label);

const timeOf = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const timeElement = (milliseconds) => {
  const date = new Date(milliseconds);
  return make("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, timeOf(date));
};

export const missing = (lost) => (lost === 1 ? "1 message is missing" : `${lost} messages are missing`);

/** A conversation, ordered by the broker's time. Each message is shown once, however many copies arrive. */
export class Log {
  #list;
  #me;
  #sideOf;
  #onRetry;
  #onEdit;
  #shown = new Map();
  #atEnd = true;

  /** `me` is the reader's own name, `sideOf(message)` is "mine", "theirs" or "notice". */
  constructor(list, { me, sideOf, onRetry, onEdit }) {
    this.#list = list;
    this.#me = me;
    this.#sideOf = sideOf;
    this.#onRetry = onRetry;
    this.#onEdit = onEdit;
    list.addEventListener("scroll", () => {
      this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    });
    // The keyboard of a phone takes half of the room.
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  /** Shows what comes to an inbox, and what is missing from it. */
  follow(inbox, status) {
    inbox.on("message", (message) => this.show(message));
    inbox.on("gap", ({ lost }) => this.note(missing(lost)));
    inbox.on("reset", () => this.note("The server started anew; it no longer has what stands above"));
    inbox.on("state", ({ name }) => {
      this.busy = name !== "connected";
      status.update();
    });
  }

  clear() {
    this.#shown.clear();
    this.#list.replaceChildren();
    this.#atEnd = true;
  }

  /** Keeps screen readers from reading a whole history aloud. */
  set busy(busy) {
    this.#list.ariaBusy = String(busy);
  }

  show(message) {
    const item = this.#item(refOf(message), message);
    if (item.dataset.id) return;
    item.dataset.id = message.id;
    item.querySelector(".meta").append(" ", timeElement(message.sentAt));
    this.#place(item, Date.parse(message.sentAt));
  }

  /** Shows a letter of the outbox, and what has become of it. */
  showLetter(letter, state, reason) {
    const { ref, sender, type, text } = letter;
    if (state === "withdrawn") return this.#remove(ref);
    const isNew = !this.#shown.has(ref);
    const item = this.#item(ref, { sender, type, content: { text } });
    if (isNew) {
      this.#atEnd = true;
      this.#place(item, Infinity);
    }
    item.dataset.state = state;
    item.querySelector(".trouble")?.remove();
    if (state === "waiting" || state === "refused") item.append(this.#trouble(letter, state, reason));
    this.#follow();
  }

  /** A line between the messages, such as "3 messages are missing". */
  note(text) {
    const last = [...this.#list.children].findLast((item) => item.dataset.at !== "Infinity");
    this.#place(make("li", { className: "note" }, text), Number(last?.dataset.at ?? 0));
  }

  #item(ref, message) {
    const known = this.#shown.get(ref);
    if (known) return known;
    const item = make(
      "li",
      { className: `message ${this.#sideOf(message)}` },
      make("p", { className: "meta" }, message.sender === this.#me ? "You" : (message.sender ?? "Notice")),
      make("p", { className: "text", dir: "auto" }, textOf(message)),
    );
    this.#shown.set(ref, item);
    return item;
  }

  #trouble({ ref, text }, state, reason) {
    const line = make("p", { className: "trouble", title: reason });
    const retry = button("Retry", () => this.#onRetry(ref));
    if (state === "waiting") line.append("Not sent yet. ", retry);
    else line.append(`Not sent: ${reason} `, retry, " ", button("Edit", () => this.#onEdit(ref, text)));
    return line;
  }

  #remove(ref) {
    this.#shown.get(ref)?.remove();
    this.#shown.delete(ref);
  }

  /** Puts an item after all that are not later; mostly, that is the end. */
  #place(item, at) {
    item.dataset.at = at;
    let before = null;
    let previous = this.#list.lastElementChild;
    while (previous && (previous === item || Number(previous.dataset.at) > at)) {
      before = previous === item ? before : previous;
      previous = previous.previousElementSibling;
    }
    this.#list.insertBefore(item, before);
    this.#follow();
  }

  #follow() {
    if (this.#atEnd) requestAnimationFrame(() => (this.#list.scrollTop = this.#list.scrollHeight));
  }
}

const ranks = ["offline", "reconnecting", "connecting", "connected"];
const words = { offline: "Offline", reconnecting: "Reconnecting", connecting: "Connecting", connected: "Connected" };

/** Shows the worst state among the connections of a page, counts down to the next attempt, and offers to try at once. */
export class StatusLine {
  #element;
  #connections;
  #label = make("span", { role: "status" });
  // Not part of what is read aloud: it would speak every second.
  #countdown = make("span", { ariaHidden: "true" });
  #button = button("Try now", () => this.#connections().forEach((connection) => connection.retry()));

  /** `connections()` gives those that are in use now. */
  constructor(element, connections) {
    this.#element = element;
    this.#connections = connections;
    element.replaceChildren(this.#label, this.#countdown, this.#button);
    setInterval(() => this.#count(), 1000);
    this.update();
  }

  get #worst() {
    const states = this.#connections().map((connection) => connection.state);
    return states.sort((one, other) => ranks.indexOf(one.name) - ranks.indexOf(other.name))[0];
  }

  update() {
    const { name, retryAt, reason } = this.#worst;
    this.#element.dataset.state = name;
    this.#element.title = reason ?? "";
    if (this.#label.textContent !== words[name]) this.#label.textContent = words[name];
    this.#button.hidden = !retryAt;
    this.#count();
  }

  #count() {
    const { name, retryAt } = this.#worst;
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    this.#countdown.textContent = seconds > 0 ? `in ${seconds} s` : name === "connected" ? "" : "…";
  }
}

/** Makes a form with a text field send: Enter sends, Shift+Enter starts a new line. Gives back `edit(text)`. */
export function composer(form, onSend) {
  const field = form.querySelector("textarea");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) onSend(field.value);
    field.value = "";
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    // While an input method composes, Enter chooses a character.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  return function edit(text) {
    field.value = field.value ? `${field.value}\n${text}` : text;
    field.focus();
  };
}
