// The agent's side: a list of customers with what is unread, and the conversation with one of them.
//
// Two connections, over SSE or, with ?transport=iframe, over forever-iframes:
// - `desk:support` brings every question. It makes the list and the counts.
// - the inbox of the customer whose conversation is open brings that conversation, from its start.
//
// Unread is what the broker says is unread in `desk:support`. An agent who sees a question (its conversation is open,
// the page visible) acks it, then sends the ids to `desk:support` as a message of type "read", from which the other
// agents' pages learn it. The broker keeps what was read for a minute, and the "read" message a moment longer than the
// questions it names. So a page that loads follows from the oldest kept message and counts right.

import { connect, request } from "/broker.js";
import { inboxOf, isQuestion, isVisitor, ownName, supportInbox, visitorInboxPrefix } from "./desk.js";
import { StatusLine, byId, composer, missing, t, textOf } from "./dom.js";
import { iframe } from "./iframe.js";
import { CustomerList } from "./list.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";

const me = ownName("agent");
const asked = new URLSearchParams(location.search).get("transport");
const transport = asked === "iframe" ? { transport: iframe, share: false } : {};
byId("name").textContent = me;

// The list.

const customers = new CustomerList(byId("customers"), () => {
  const title = t("Agent desk", "客服工作台");
  document.title = customers.unread ? `(${customers.unread}) ${title}` : title;
  byId("nobody").hidden = !customers.isEmpty;
});

/** What comes to `desk:support` and is no question. It has an entry like a customer, but there is nobody to answer. */
const notices = [];
const noticesEntry = () => customers.entry("notices", t("Notices", "通知"));

/** Lists everybody the broker has messages for, also those whose questions are all read. */
async function loadCustomers() {
  let after = {};
  do {
    const query = new URLSearchParams({ prefix: visitorInboxPrefix, limit: 1000, ...after });
    const page = await request(`/v1/inboxes?${query}`);
    for (const { recipient, kept, lastSeen } of page.inboxes) {
      const name = recipient.slice(inboxOf("").length);
      if (!kept || !isVisitor(name)) continue;
      const entry = customers.entry(name);
      entry.seenAt = Date.parse(lastSeen) || 0;
      customers.show(entry);
    }
    after = page.next && { after: page.next };
  } while (after);
}

// What comes to the agents.

let support;
let wasInterrupted = false;

/** Follows the agents' inbox, from its oldest message. */
function followSupport() {
  support?.close();
  support = connect({ recipient: supportInbox, ...transport });
  support.on("message", received);
  support.on("gap", ({ lost }) => {
    byId("gap").textContent = missing(lost) + t(": read by others meanwhile, or dropped", "：已被他人阅读或已丢弃");
    recount().catch(() => {});
  });
  support.on("reset", () => customers.forgetAll());
  support.on("state", ({ name }) => {
    status.update();
    if (name === "reconnecting" || name === "offline") wasInterrupted = true;
    if (name !== "connected") return;
    // Whatever fails here fails because the connection is gone again; then it is done at the next one.
    loadCustomers().catch(() => {});
    if (wasInterrupted) recount().catch(() => {});
    wasInterrupted = false;
    outbox.flush();
    markRead();
  });
}

function received(message) {
  const { id, type, sender, content, sentAt } = message;
  if (type === "read") return customers.forget(Array.isArray(content?.ids) ? content.ids : []);
  const isNotice = !isQuestion(message);
  if (isNotice && !notices.some((notice) => notice.id === id)) notices.push(message);
  const entry = isNotice ? noticesEntry() : customers.entry(sender);
  entry.unread.set(id, message);
  entry.askedAt = Math.max(entry.askedAt, Date.parse(sentAt));
  entry.text = textOf(message).slice(0, 200);
  customers.show(entry);
  if (entry === customers.open) log.show(message);
  // Later, because word that it was read may stand right behind it.
  queueMicrotask(markRead);
}

let isMarking = false;

/** Acks what the agent sees now, first at the broker, whose word counts, then for the other agents. */
async function markRead() {
  if (isMarking || document.hidden || !customers.open?.unread.size) return;
  isMarking = true;
  const ids = [...customers.open.unread.keys()].slice(0, 1000);
  try {
    await request("/v1/ack", { body: { recipient: supportInbox, ids } });
    customers.forget(ids);
    const word = { recipient: supportInbox, sender: me, type: "read", content: { ids }, ttlSeconds: 90 };
    const { id } = await request("/v1/send", { body: word });
    await request("/v1/ack", { body: { recipient: supportInbox, ids: [id] } });
  } catch {
    // What is not acked stays on the count, and is tried again at the next question or connection.
    return;
  } finally {
    isMarking = false;
  }
  markRead();
}

/** After an interruption: others may have read questions meanwhile, and word of it may be gone. If the broker counts
 * differently, the counts are made anew from what it has. */
async function recount() {
  if ((await support.unread()) === customers.unread) return;
  customers.forgetAll();
  followSupport();
}

// The open conversation.

let dialogue = null;

const log = new Log(byId("log"), {
  isMe: ({ sender }) => sender === me,
  sideOf: ({ sender, type }) => (sender === customers.open.name ? "theirs" : type === "answer" ? "mine" : "notice"),
  onRetry: (ref) => outbox.retry(ref),
  onEdit: (ref, text) => {
    outbox.withdraw(ref);
    edit(text);
  },
});

const isOfOpen = ({ customer }) => customer === customers.open?.name;
const outbox = new Outbox(me, (letter, state, reason) => {
  if (isOfOpen(letter)) log.showLetter(letter, state, reason);
  const entry = customers.entry(letter.customer);
  entry.isUnsent = state === "waiting" || state === "refused";
  customers.show(entry);
});

const edit = composer(byId("composer"), (text) => {
  const customer = customers.open.name;
  outbox.post({ customer, recipients: [inboxOf(customer)], sender: me, type: "answer", text });
});

/** Opens the conversation that the address names, so that a reload and the back button do what one expects. */
function openNamed() {
  const name = location.hash.slice(1);
  dialogue?.close();
  dialogue = null;
  log.clear();
  byId("gap").textContent = "";
  if (isVisitor(name)) openCustomer(customers.entry(name));
  else if (name === "notices") openNotices();
  else show(null, "nobody");
  status.update();
  markRead();
}

function openCustomer(entry) {
  show(entry, "customer");
  for (const message of entry.unread.values()) log.show(message);
  dialogue = connect({ recipient: inboxOf(entry.name), ...transport });
  log.follow(dialogue, status);
  outbox.showAll(isOfOpen);
  // On a phone this would cover half of the conversation with the keyboard.
  if (!matchMedia("(pointer: coarse)").matches) byId("composer").querySelector("textarea").focus();
}

function openNotices() {
  show(noticesEntry(), "notices");
  for (const message of notices) log.show(message);
}

function show(entry, kind) {
  customers.open = entry;
  document.body.dataset.open = kind;
  byId("customer").textContent = entry?.title ?? "";
}

followSupport();
const status = new StatusLine(byId("state"), () => (dialogue ? [support, dialogue] : [support]));
addEventListener("hashchange", openNamed);
document.addEventListener("visibilitychange", markRead);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") customers.open?.link.focus();
});
openNamed();
