// Notifications for one name: a loop that waits as the old tutorials did, and a bell that counts what is unread.
//
// Unread is what the broker says is unread. Who reads (opens the bell with the page visible) acks at the broker, then
// sends the ids to a companion inbox, from which other tabs and devices learn it; who follows the inbox itself sees
// nothing of that. The broker keeps what was read for a minute, and the word of it a moment longer than what it names;
// so a page that loads follows both from the oldest message kept and counts right.

import { connect, send } from "/broker.js";
import { StatusLine, byId, copyButton, make, missing, prepareCommands, stored, t, textOf, timeElement } from "./dom.js";
import { wait } from "./waiting.js";

const named = new URLSearchParams(location.search).get("recipient");
const recipient = (named ?? stored.get("notify-recipient") ?? "u42").slice(0, 60) || "u42";
if (named) stored.set("notify-recipient", recipient);
for (const place of document.querySelectorAll(".recipient")) place.replaceWith(recipient);
byId("recipient").textContent = recipient;
prepareCommands();
byId("fifteen").parentElement.after(copyButton(() => byId("fifteen").textContent, byId("fifteen")));

// The bell.

const unread = new Map();
const companion = `${recipient}:read`;
const inbox = connect({ recipient: [recipient, companion] });
const status = new StatusLine(byId("state"), () => [inbox]);
let wasInterrupted = false;

inbox.on("message", ({ id, recipient: at, sender, content, sentAt }) => {
  if (at === companion) return forget(Array.isArray(content?.ids) ? content.ids : []);
  const item = make(
    "li",
    {},
    make("p", { className: "meta" }, sender ?? "", " ", timeElement(sentAt)),
    make("p", { className: "text", dir: "auto" }, textOf({ content })),
  );
  item.dataset.unread = "";
  unread.set(id, item);
  byId("list").prepend(item);
  while (byId("list").childElementCount > 200) byId("list").lastElementChild.remove();
  showCount();
  // Later, because word that it was read may stand right behind it.
  queueMicrotask(markRead);
});
inbox.on("gap", ({ lost }) => {
  byId("lost").textContent = missing(lost) + t(": read elsewhere meanwhile, or dropped", "：已在别处阅读或已丢弃");
  recount();
});
inbox.on("reset", recount);
inbox.on("state", ({ name }) => {
  status.update();
  if (name === "reconnecting" || name === "offline") wasInterrupted = true;
  if (name !== "connected") return;
  if (wasInterrupted) recount();
  wasInterrupted = false;
  markRead();
});

function forget(ids) {
  for (const id of ids) {
    delete unread.get(id)?.dataset.unread;
    unread.delete(id);
  }
  showCount();
}

function showCount() {
  byId("count").textContent = unread.size;
  byId("bell").dataset.unread = unread.size > 0 ? "yes" : "no";
  const title = t("Notifications", "通知");
  document.title = unread.size ? `(${unread.size}) ${title}` : title;
}

const isOpen = () => byId("bell").ariaExpanded === "true";
byId("bell").addEventListener("click", () => {
  byId("bell").ariaExpanded = String(!isOpen());
  byId("news").hidden = !isOpen();
  markRead();
});
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && isOpen()) byId("bell").click();
});
document.addEventListener("visibilitychange", markRead);

let isMarking = false;

/** Acks what is seen now, first at the broker, whose word counts, then for the other tabs and devices. */
async function markRead() {
  if (isMarking || document.hidden || !isOpen() || !unread.size) return;
  isMarking = true;
  const ids = [...unread.keys()].slice(0, 1000);
  try {
    await inbox.ack(ids);
    forget(ids);
    const word = await inbox.send({ recipient: companion, type: "read", content: { ids }, ttlSeconds: 90 });
    await inbox.ack([word.id], companion);
  } catch {
    // What is not acked stays on the count, and is tried again at the next message or connection.
    return;
  } finally {
    isMarking = false;
  }
  markRead();
}

/** After an interruption: others may have read meanwhile, and word of it may be gone. So are the messages, then, as all
 * are after a restart. */
async function recount() {
  const counted = [...unread.keys()];
  try {
    const { messages = [] } = await inbox.poll({ cursor: "0", limit: 1000 });
    const kept = new Set(messages.filter((each) => each.recipient === recipient).map(({ id }) => id));
    forget(counted.filter((id) => !kept.has(id)));
  } catch {
    // The connection is gone again; then it is done at the next one.
  }
}

// The page that waits.

const kinds = Object.fromEntries([...document.querySelectorAll("#loop li")].map((item) => [item.dataset.kind, item]));
const words = {
  data: t("data", "有数据"),
  none: t("no data", "无数据"),
  timeout: t("timeout", "超时"),
  error: t("error", "错误"),
};

wait(recipient, (kind, detail = "") => {
  const count = kinds[kind].querySelector("b");
  count.textContent = Number(count.textContent) + 1;
  byId("last").textContent = detail ? `${words[kind]}: ${detail}` : words[kind];
});

// The form.

byId("send").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { sender, content } = Object.fromEntries(new FormData(form));
  try {
    const { online } = await send({ recipient, sender, content }, { attempts: 1 });
    byId("sent").textContent = t(`Sent; ${online} waiting there.`, `已发送；${online} 个读者正在等待。`);
    form.elements.content.value = "";
  } catch (error) {
    byId("sent").textContent = `${t("Not sent", "未发送")}: ${error.message}`;
  }
  form.elements.content.focus();
});
showCount();
