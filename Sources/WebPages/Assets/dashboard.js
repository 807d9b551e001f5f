// What goes on in the broker, from its public interface alone: GET /v1/stats each second, the inboxes each five.

import { backoff, request } from "/broker.js";
import { byId, make, t } from "./dom.js";
import { Plot } from "./plot.js";
import { showTables } from "./tables.js";
import { openInbox } from "./inspector.js";

const everySecond = 1000;
const listEvery = 5;

const number = new Intl.NumberFormat(t("en", "zh"), { maximumFractionDigits: 1 });
const bytes = (count) => {
  const unit = ["B", "KiB", "MiB", "GiB"].findIndex((_, power) => count < 1024 ** (power + 1) || power === 3);
  return `${number.format(count / 1024 ** unit)} ${["B", "KiB", "MiB", "GiB"][unit]}`;
};

const perSecond = (value) => `${number.format(value)}/s`;

/** Title, what is plotted, what is said beside it, and how it is written; `rate` is the growth of a total a second. */
const figures = [
  [t("Sent", "发送"), (now, rate) => rate("sent"), ({ totals }) => number.format(totals.sent), perSecond],
  [t("Delivered", "投递"), (now, rate) => rate("delivered"), ({ totals }) => number.format(totals.delivered), perSecond],
  [t("Parked polls", "等待的轮询"), ({ readers }) => readers.waiting, () => ""],
  [t("Streams", "流"), ({ readers }) => readers.streaming, lagOf],
  [t("Inboxes", "信箱"), ({ inboxes }) => inboxes, unreadOf],
  [t("Memory", "内存"), ({ memory }) => memory.bytes, memoryOf, bytes],
  [t("Lost in gaps", "缺失"), (now, rate) => rate("lost"), gapsOf, perSecond],
  [t("Refused", "拒绝"), (now, rate) => rate("refused"), ({ totals }) => number.format(totals.refused), perSecond],
];

function unreadOf({ messages }) {
  return t(`${number.format(messages.unread)} unread messages`, `${number.format(messages.unread)} 条未读`);
}

function lagOf({ readers: { lag } }) {
  if (!lag?.messages) return "";
  const messages = number.format(lag.messages);
  return t(`the slowest is ${messages} behind`, `最慢的落后 ${messages} 条`);
}

function memoryOf({ memory }) {
  const share = number.format((100 * memory.bytes) / memory.bytesMax);
  return t(`${share} % of ${bytes(memory.bytesMax)}`, `占 ${bytes(memory.bytesMax)} 的 ${share}%`);
}

function gapsOf({ totals }) {
  const gaps = number.format(totals.gaps);
  return t(`${number.format(totals.lost)} in ${gaps} gaps`, `${gaps} 处共 ${number.format(totals.lost)} 条`);
}

const tiles = figures.map(([title, value, note, write = number.format]) => {
  const shown = make("b", {}, "–");
  const aside = make("span", { className: "faint" }, "\u00a0");
  const plot = make("div", { className: "plot" });
  byId("figures").append(make("li", { className: "panel" }, make("h2", {}, title), shown, aside, plot));
  return { value, note, write, shown, aside, plot: new Plot(plot) };
});

let before = null;

function showFigures(now) {
  const seconds = before ? (now.at - before.at) / 1000 : 1;
  const rate = (total) => (before ? Math.max(0, now.totals[total] - before.totals[total]) / seconds : 0);
  for (const { value, note, write, shown, aside, plot } of tiles) {
    const current = value(now, rate);
    shown.textContent = write(current);
    aside.textContent = note(now) || "\u00a0";
    plot.add({ only: current });
  }
  const { version, uptimeSeconds, loops, draining } = now;
  const minutes = Math.floor(uptimeSeconds / 60);
  const hours = number.format(minutes / 60);
  const up = minutes < 90 ? t(`${minutes} min`, `${minutes} 分钟`) : t(`${hours} h`, `${hours} 小时`);
  byId("about").textContent =
    t(`version ${version}, up ${up}, ${loops} loops`, `版本 ${version}，已运行 ${up}，${loops} 个循环`) +
    (draining ? t(", shutting down", "，正在关闭") : "");
  before = now;
}

function showState(name, text, reason = "") {
  const state = byId("state");
  if (state.dataset.state === name && state.textContent === text) return;
  state.dataset.state = name;
  state.textContent = text;
  state.title = reason;
}

let round = 0;
let failures = 0;

async function update() {
  let delay = everySecond;
  try {
    const stats = await request("/v1/stats");
    // A broker that was restarted counts from zero.
    if (before && stats.uptimeSeconds < before.uptimeSeconds) before = null;
    showFigures({ ...stats, at: performance.now() });
    if (round++ % listEvery === 0) await showTables(openInbox);
    showState("connected", t("Connected", "已连接"));
    failures = 0;
  } catch (error) {
    delay = backoff(failures++);
    const seconds = Math.ceil(delay / 1000);
    showState("reconnecting", t(`No answer; again in ${seconds} s`, `没有回应；${seconds} 秒后重试`), error.message);
  }
  setTimeout(next, delay);
}

/** A page that nobody sees asks nothing; it goes on when it is seen again. */
function next() {
  if (!document.hidden) return update();
  before = null;
  document.addEventListener("visibilitychange", next, { once: true });
}

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  openInbox(new FormData(event.target).get("recipient"));
});
next();
