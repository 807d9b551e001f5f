// What the pages share: making elements, saying things in two languages, and the state of the connection.
//
// Text from people goes into the page through `textContent` alone, so there is nothing to escape and nothing to forget.

const isChinese = document.documentElement.lang.startsWith("zh");

/** The text in the language of the page. */
export const t = (english, chinese) => (isChinese ? chinese : english);

export const byId = (id) => document.getElementById(id);

/** Makes an element: `make("p", {className: "note"}, "text", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export const button = (label, onclick) => make("button", { type: "button", onclick }, label);

export const timeElement = (milliseconds) => {
  const date = new Date(milliseconds);
  const text = date.toLocaleTimeString(t([], "zh"), { hour: "2-digit", minute: "2-digit" });
  return make("time", { dateTime: date.toISOString(), title: date.toLocaleString(t([], "zh")) }, text);
};

/** How long something takes, in a unit that suits it. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) return t(`${seconds} s`, `${seconds} 秒`);
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return t(`${minutes} min`, `${minutes} 分钟`);
  return t(`${Math.round(minutes / 60)} h`, `${Math.round(minutes / 60)} 小时`);
}

export const missing = (lost) =>
  t(lost === 1 ? "1 message is missing" : `${lost} messages are missing`, `缺少 ${lost} 条消息`);

export const startedAnew = () =>
  t("The server started anew; it no longer has what stands above", "服务器已重新启动，以上内容已不再保存");

/** What a message says: pages send `{"text": …, "ref": …}`, a service with `curl` perhaps just a string. */
export function textOf({ content }) {
  if (typeof content === "string") return content;
  return typeof content?.text === "string" ? content.text : JSON.stringify(content, null, 2);
}

/** localStorage, where it may be used. */
export const stored = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or switched off: it is known until the page is closed.
    }
  },
};

/** Makes a button that copies what `text()` gives. */
export function copyButton(text, element) {
  const copy = button(t("Copy", "复制"), async () => {
    try {
      await navigator.clipboard.writeText(text());
      copy.textContent = t("Copied", "已复制");
    } catch {
      // The clipboard is there on https and localhost alone; elsewhere the text is selected, ready for Ctrl+C.
      getSelection().selectAllChildren(element);
      copy.textContent = t("Selected", "已选中");
    }
  });
  return copy;
}

/** Fills the real address into the commands of a page and makes each one copyable. */
export function prepareCommands() {
  for (const origin of document.querySelectorAll(".commands b, pre b")) origin.replaceWith(location.origin);
  for (const command of document.querySelectorAll(".commands code")) {
    const copy = copyButton(() => command.textContent, command);
    copy.ariaLabel = `${t("Copy", "复制")}: ${command.textContent}`;
    command.after(copy);
  }
}

const ranks = ["closed", "offline", "reconnecting", "connecting", "connected"];
const words = {
  offline: t("Offline", "离线"),
  reconnecting: t("Reconnecting", "正在重连"),
  connecting: t("Connecting", "正在连接"),
  connected: t("Connected", "已连接"),
};

/** Shows the worst state among the connections of a page, counts down to the next attempt, offers to try at once. */
export class StatusLine {
  #element;
  #connections;
  #label = make("span", { role: "status" });
  // Not part of what is read aloud: it would speak every second.
  #countdown = make("span", { ariaHidden: "true" });
  #button = button(t("Try now", "立即重试"), () => this.#connections().forEach((connection) => connection.retry()));

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
    const soon = name === "connected" ? "" : "…";
    this.#countdown.textContent = seconds > 0 ? t(`in ${seconds} s`, `${seconds} 秒后`) : soon;
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
