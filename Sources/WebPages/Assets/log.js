// A conversation on a page: messages in the broker's order, letters that are not sent yet, and notes between them.

import { button, make, missing, startedAnew, t, textOf, timeElement } from "./dom.js";
import { refOf } from "./outbox.js";

/** A conversation, ordered by the broker's time. Each message is shown once, however many copies arrive. */
export class Log {
  #list;
  #isMe;
  #sideOf;
  #onRetry;
  #onEdit;
  #shown = new Map();
  #atEnd = true;

  /** `isMe(message)` tells the reader's own messages, `sideOf(message)` is "mine", "theirs" or "notice". */
  constructor(list, { isMe, sideOf, onRetry, onEdit }) {
    this.#list = list;
    this.#isMe = isMe;
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
    inbox.on("reset", () => this.note(startedAnew()));
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
    const { ref, sender, type, text, from } = letter;
    if (state === "withdrawn") return this.#remove(ref);
    const isNew = !this.#shown.has(ref);
    const item = this.#item(ref, { sender, type, content: { text, from } });
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
    const who = this.#isMe(message) ? t("You", "我") : (message.sender ?? t("Notice", "通知"));
    const item = make(
      "li",
      { className: `message ${this.#sideOf(message)}` },
      make("p", { className: "meta" }, who),
      make("p", { className: "text", dir: "auto" }, textOf(message)),
    );
    this.#shown.set(ref, item);
    return item;
  }

  #trouble({ ref, text }, state, reason) {
    const line = make("p", { className: "trouble", title: reason });
    const retry = button(t("Retry", "重试"), () => this.#onRetry(ref));
    if (state === "waiting") line.append(t("Not sent yet. ", "尚未发送。"), retry);
    else line.append(`${t("Not sent", "未发送")}: ${reason} `, retry, " ", button(t("Edit", "编辑"), () => this.#onEdit(ref, text)));
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
