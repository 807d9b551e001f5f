// Reads one inbox in three ways at once, and counts what each of them costs.

import { backoff, randomKey, send } from "/broker.js";
import { byId, make, t } from "./dom.js";
import { Plot } from "./plot.js";
import { bodyOf, headBytes, requestBytes } from "./wire.js";

const recipient = `compare:${randomKey().split("-")[0]}`;
const settings = byId("settings").elements;
const now = () => performance.timeOrigin + performance.now();
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const number = new Intl.NumberFormat(t("en", "zh"), { maximumFractionDigits: 0 });
/** Nobody sees the page: it asks for nothing that is not parked already. */
const isHidden = () => document.hidden;
const isPaused = () => byId("pause").ariaPressed === "true" || isHidden();

/** What one way has cost so far, and its tile. */
class Way {
  requests = 0;
  empty = 0;
  received = 0;
  sent = 0;
  messages = 0;
  delay = 0;
  #delays = 0;
  #seen = new Set();
  #cells = {};

  constructor(name, title) {
    this.title = title;
    const rows = {
      requests: t("requests", "请求"),
      empty: t("of them without news", "其中没有消息"),
      messages: t("messages", "消息"),
      received: t("bytes received", "收到的字节"),
      sent: t("bytes sent, about", "发出的字节（约）"),
      each: t("bytes for each message", "每条消息的字节"),
      mean: t("mean delay, ms", "平均延迟（毫秒）"),
    };
    const list = make("dl", { className: "figures" });
    for (const row in rows) {
      this.#cells[row] = make("dd", {}, "0");
      list.append(make("div", {}, make("dt", {}, rows[row]), this.#cells[row]));
    }
    const item = make("li", { className: `panel way ${name}` }, make("h2", {}, title), list);
    item.dataset.way = name;
    byId("ways").append(item);
  }

  get bytes() {
    return this.received + this.sent;
  }

  /** Takes a message; each is counted once. */
  take({ id, content }) {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    this.messages += 1;
    this.delay = Math.max(0, now() - content.at);
    this.#delays += this.delay;
  }

  show() {
    const { requests, empty, received, sent, messages, bytes } = this;
    const each = messages ? bytes / messages : 0;
    const values = { requests, empty, received, sent, messages, each, mean: messages ? this.#delays / messages : 0 };
    for (const name in values) this.#cells[name].textContent = number.format(values[name]);
  }

  /** Asks, and counts the head of the answer. */
  async ask(path) {
    const response = await fetch(path, { cache: "no-store" });
    this.requests += 1;
    this.sent += requestBytes(path);
    this.received += headBytes(response);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response;
  }
}

const ways = {
  interval: new Way("interval", t("Polling", "轮询")),
  poll: new Way("poll", t("Long polling", "长轮询")),
  stream: new Way("stream", t("Streaming", "流")),
};

async function poll(way, cursor, timeout) {
  const response = await way.ask(`/v1/poll?${new URLSearchParams({ recipient, cursor, timeout })}`);
  const { bytes, text } = await bodyOf(response);
  way.received += bytes;
  const answer = JSON.parse(text);
  for (const message of answer.messages ?? []) way.take(message);
  if (answer.success === "0") {
    way.empty += 1;
    byId("empty").textContent = t(`${headBytes(response) + bytes} bytes`, `${headBytes(response) + bytes} 字节`);
  }
  return answer.cursor ?? cursor;
}

/** Does something for ever, and again a little later if it goes wrong. */
async function forever(body) {
  for (let failures = 0; ; ) {
    try {
      await body();
      failures = 0;
    } catch {
      await sleep(backoff(failures++));
    }
  }
}

let intervalCursor = "0";
forever(async () => {
  if (!isHidden()) intervalCursor = await poll(ways.interval, intervalCursor, 0);
  await sleep(settings.interval.value * 1000);
});

let pollCursor = "0";
forever(async () => {
  pollCursor = await poll(ways.poll, pollCursor, 25);
});

let streamCursor = "0";
forever(async () => {
  const way = ways.stream;
  const fields = new URLSearchParams({ recipient, cursor: streamCursor, as: "ndjson" });
  const reader = (await way.ask(`/v1/stream?${fields}`)).body.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the stream broke off");
    way.received += value.length;
    const lines = (text + decoder.decode(value, { stream: true })).split("\n");
    text = lines.pop();
    for (const line of lines) {
      const item = JSON.parse(line);
      if (!item.event) way.take(item);
      streamCursor = item.cursor ?? item.id ?? streamCursor;
    }
  }
});

// The source.

let sent = 0;
forever(async () => {
  await sleep(settings.source.value * 1000);
  if (isPaused()) return;
  const content = { number: sent + 1, at: now() };
  await send({ recipient, sender: "compare", content, ttlSeconds: 60 }, { attempts: 1 });
  sent += 1;
  byId("sent").textContent = t(`${sent} sent`, `已发送 ${sent} 条`);
});

byId("pause").addEventListener("click", ({ target }) => {
  target.ariaPressed = String(target.ariaPressed !== "true");
  target.textContent = target.ariaPressed === "true" ? t("Go on", "继续") : t("Pause", "暂停");
});

// What is seen.

const names = Object.keys(ways);
for (const keys of document.querySelectorAll(".keys")) {
  keys.append(...names.map((name) => make("span", { className: `key ${name}` }, ways[name].title)));
}
const delays = new Plot(byId("delays"), names, { length: 120, atLeast: 100 });
const volumes = new Plot(byId("volumes"), names, { length: 120, atLeast: 1000 });
const pick = (value) => Object.fromEntries(names.map((name) => [name, value(ways[name])]));

setInterval(() => {
  for (const way of Object.values(ways)) way.show();
  if (isHidden()) return;
  delays.add(pick(({ delay }) => delay));
  volumes.add(pick(({ bytes }) => bytes));
  byId("delay-top").textContent = t(`of the last message; top: ${number.format(delays.top)} ms`, `最近一条消息；上限 ${number.format(delays.top)} 毫秒`);
  byId("bytes-top").textContent = t(`so far; top: ${number.format(volumes.top)}`, `累计；上限 ${number.format(volumes.top)}`);
}, 1000);
