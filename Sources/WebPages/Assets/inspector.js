// One inbox: its figures, its messages, a test message, and emptying it.

import { request, send } from "/broker.js";
import { byId, make, span, t, textOf, timeElement } from "./dom.js";

const shownMax = 200;
let recipient;

const query = () => new URLSearchParams({ recipient });

/** Opens an inbox, without any effect on what is in it. */
export async function openInbox(name) {
  recipient = name;
  byId("inbox-name").textContent = name;
  byId("said").textContent = "";
  byId("inbox").hidden = false;
  await show();
  byId("inbox").scrollIntoView({ block: "nearest" });
}

/** Shows the inbox that is open. If another one is opened meanwhile, what comes late is dropped. */
async function show() {
  const name = recipient;
  try {
    const inbox = await request(`/v1/inbox?${query()}`);
    if (name !== recipient) return;
    const { unread, leased, kept, bytes, waiting, streaming, lag, lastSeen } = inbox;
    byId("summary").replaceChildren(
      ...[
        [t("unread", "未读"), unread],
        [t("leased", "租出"), leased],
        [t("kept", "保存"), kept],
        [t("bytes", "字节"), bytes],
        [t("waiting", "等待"), waiting],
        [t("streaming", "流"), streaming],
        [t("lag", "落后"), lag ? lagText(lag) : "–"],
        [t("last there", "上次读取"), lastSeen ? timeElement(lastSeen) : "–"],
      ].map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
    );
    const messages = await peek();
    if (name !== recipient) return;
    byId("peeked").textContent = t(
      `${messages.length} messages, the newest on top. Looking takes nothing and leaves no trace.`,
      `${messages.length} 条消息，最新的在最前。查看不会取走消息，也不留痕迹。`,
    );
    byId("messages").replaceChildren(...messages.slice(-shownMax).reverse().map(itemOf));
  } catch (error) {
    if (name === recipient) byId("said").textContent = error.message;
  }
}

/** How many messages the slowest reader has yet to get, and for how long the oldest of them has waited. */
function lagText({ messages, seconds }) {
  return messages ? t(`${messages}, for ${span(1000 * seconds)}`, `${messages} 条，已 ${span(1000 * seconds)}`) : "0";
}

/** What is kept. Who observes confirms nothing, and what was dropped is left to be told to the next reader. */
async function peek() {
  const fields = new URLSearchParams({ recipient, cursor: "0", observe: 1, timeout: 0, limit: 1000 });
  return (await request(`/v1/poll?${fields}`)).messages ?? [];
}

function itemOf(message) {
  const { id, sender = "", type = "", sentAt } = message;
  const meta = make("p", { className: "meta" }, timeElement(sentAt), ` ${id} ${sender} ${type}`);
  return make("li", {}, meta, make("p", { className: "text", dir: "auto" }, textOf(message)));
}

/** JSON if it is JSON, else a text. */
function contentOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

byId("test").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { sender, content } = Object.fromEntries(new FormData(event.target));
  const name = recipient;
  try {
    const { id, online } = await send({ recipient, sender, content: contentOf(content) }, { attempts: 1 });
    if (name !== recipient) return;
    byId("said").textContent = t(`Sent as ${id}; ${online} readers there.`, `已发送，编号 ${id}；${online} 个读者。`);
    event.target.elements.content.value = "";
    await show();
  } catch (error) {
    if (name === recipient) byId("said").textContent = error.message;
  }
});

byId("purge").addEventListener("click", () => {
  byId("sure-text").textContent = t(
    `Delete all messages of “${recipient}”? Its readers are told.`,
    `删除“${recipient}”的所有消息？其读者会收到通知。`,
  );
  byId("sure").showModal();
});

byId("sure").addEventListener("close", async () => {
  if (byId("sure").returnValue !== "yes") return;
  const name = recipient;
  try {
    await request(`/v1/inbox?${query()}`, { method: "DELETE" });
    if (name !== recipient) return;
    byId("said").textContent = t("Emptied.", "已清空。");
    await show();
  } catch (error) {
    if (name === recipient) byId("said").textContent = error.message;
  }
});
byId("again").addEventListener("click", show);
byId("close").addEventListener("click", () => (byId("inbox").hidden = true));
