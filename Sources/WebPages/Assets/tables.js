// The busiest and the fullest inboxes, those with the slowest readers, and those that have waited longest for one, from one
// listing of all inboxes.

import { request } from "/broker.js";
import { button, byId, make, span, t } from "./dom.js";

const rows = 8;
const pageSize = 1000;
/** A broker may have more inboxes than a page should ask for; then the tables say so. */
const pagesMax = 10;

const never = t("never", "从未");

const ago = (milliseconds) => t(`${span(milliseconds)} ago`, `${span(milliseconds)}前`);

const sequence = (id) => (id ? Number(id.slice(id.indexOf(".") + 1)) : 0);
const epoch = (id) => id?.slice(0, id.indexOf("."));

/** Of each inbox the number of its last message, when it was listed last. */
let known = new Map();
let listedAt = 0;

async function list() {
  const inboxes = [];
  let after = {};
  for (let page = 0; page < pagesMax && after; page++) {
    const answer = await request(`/v1/inboxes?${new URLSearchParams({ limit: pageSize, ...after })}`);
    inboxes.push(...answer.inboxes);
    after = answer.next && { after: answer.next };
  }
  return { inboxes, isPartial: Boolean(after) };
}

/** Draws a table again; `columns` are [title, cell(inbox)]. The first cell opens the inbox. `none` is said of no inbox. */
function draw(table, inboxes, columns, open, none) {
  const focused = table.contains(document.activeElement) ? document.activeElement.textContent : null;
  const head = make("tr", {}, ...columns.map(([title]) => make("th", { scope: "col" }, title)));
  const body = inboxes.map((inbox) => {
    const name = button(inbox.recipient, () => open(inbox.recipient));
    const cells = columns.slice(1).map(([, cell]) => make("td", {}, cell(inbox)));
    return make("tr", {}, make("td", {}, name), ...cells);
  });
  table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...body));
  if (none && !inboxes.length) {
    table.append(make("tfoot", {}, make("tr", {}, make("td", { colSpan: columns.length, className: "faint" }, none))));
  }
  if (focused === null) return;
  [...table.querySelectorAll("button")].find(({ textContent }) => textContent === focused)?.focus();
}

const top = (inboxes, value) =>
  inboxes
    .filter((inbox) => value(inbox) > 0)
    .sort((one, other) => value(other) - value(one))
    .slice(0, rows);

/** Lists the inboxes and draws the tables; `open(recipient)` is called for one that is chosen. */
export async function showTables(open) {
  const { inboxes, isPartial } = await list();
  const now = Date.now();
  const seconds = (now - listedAt) / 1000;
  for (const inbox of inboxes) {
    const last = known.get(inbox.recipient);
    const grown = epoch(last) === epoch(inbox.last) ? sequence(inbox.last) - sequence(last) : sequence(inbox.last);
    inbox.rate = listedAt ? Math.max(0, grown) / seconds : 0;
    // Nobody has been there since the beginning: longer ago than for all where somebody has.
    inbox.unseenFor = now - (Date.parse(inbox.lastSeen) || 0);
  }
  const isFirst = !listedAt;
  known = new Map(inboxes.map(({ recipient, last }) => [recipient, last]));
  listedAt = now;
  const recipient = [t("Inbox", "信箱")];
  const busiest = top(inboxes, isFirst ? ({ last }) => sequence(last) : ({ rate }) => rate);
  draw(byId("busiest"), busiest, [
    recipient,
    [t("Messages/s", "条/秒"), ({ rate }) => (isFirst ? "…" : rate.toFixed(1))],
    [t("Readers", "读者"), ({ waiting, streaming }) => waiting + streaming],
  ], open);
  draw(byId("fullest"), top(inboxes, ({ kept }) => kept), [
    recipient,
    [t("Kept", "保存"), ({ kept }) => kept],
    [t("Bytes", "字节"), ({ bytes }) => bytes],
  ], open);
  // By how long the oldest message has waited; where that is the same, by how many do.
  const slowness = ({ lag }) => (lag?.messages ? lag.seconds + lag.messages / 1e9 : 0);
  draw(byId("slowest"), top(inboxes, slowness), [
    recipient,
    [t("Behind", "落后"), ({ lag }) => lag.messages],
    [t("For", "已等待"), ({ lag }) => span(1000 * lag.seconds)],
    [t("Readers", "读者"), ({ waiting, streaming }) => waiting + streaming],
  ], open, t("Every reader that is there has everything.", "在线的读者都已收到全部消息。"));
  // When somebody last began to read says nothing of an inbox that is being read.
  const unattended = inboxes.filter((inbox) => inbox.unread && !inbox.waiting && !inbox.streaming);
  draw(byId("unattended"), top(unattended, ({ unseenFor }) => unseenFor), [
    recipient,
    [t("Unread", "未读"), (inbox) => inbox.unread],
    [t("Last there", "上次读取"), ({ lastSeen, unseenFor }) => (lastSeen ? ago(unseenFor) : never)],
  ], open);
  byId("known").replaceChildren(...inboxes.slice(0, 200).map((inbox) => make("option", { value: inbox.recipient })));
  byId("partial").textContent = isPartial
    ? t(`Of the first ${pagesMax * pageSize} inboxes by name.`, `仅统计按名称排序的前 ${pagesMax * pageSize} 个信箱。`)
    : "";
}
