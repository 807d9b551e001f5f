// A chat room: the inbox `room:NAME`, which everybody follows from its oldest message and nobody acks. It never fills
// up while somebody follows it: what followers have confirmed makes room first.

import { connect, randomKey, request } from "/broker.js";
import { StatusLine, byId, composer, make, stored, t } from "./dom.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import { Company } from "./company.js";
import { Timestamped } from "./timestamped.js";

const usesTimestamp = new URLSearchParams(location.search).get("protocol") === "timestamp";
const follow = usesTimestamp ? (options) => new Timestamped(options) : connect;

// Who I am: a name that can be changed, and a number that tells two people of one name apart.

const name = byId("name");
const guest = `guest-${100 + (crypto.getRandomValues(new Uint32Array(1))[0] % 900)}`;
const me = { id: stored.get("chat-id") ?? randomKey(), name: stored.get("chat-name") ?? guest };
stored.set("chat-id", me.id);
stored.set("chat-name", (name.value = me.name));
name.addEventListener("change", () => {
  name.value = me.name = name.value.replace(/[\p{C}\s]+/gu, " ").trim() || guest;
  stored.set("chat-name", me.name);
  company.beat();
});

// The room.

let room;
let inbox;
let company;
let unseen = 0;

const isMine = ({ content, sender }) => (content?.from ? content.from === me.id : sender === me.name);
const log = new Log(byId("log"), {
  isMe: isMine,
  sideOf: (message) => (isMine(message) ? "mine" : message.sender ? "theirs" : "notice"),
  onRetry: (ref) => outbox.retry(ref),
  onEdit: (ref, text) => {
    outbox.withdraw(ref);
    edit(text);
  },
});
const isOfRoom = ({ recipients }) => recipients[0] === `room:${room}`;
const outbox = new Outbox(`chat-${me.id}`, (letter, state, reason) => {
  if (isOfRoom(letter)) log.showLetter(letter, state, reason);
});
const edit = composer(byId("composer"), (text) => {
  outbox.post({ recipients: [`room:${room}`], sender: me.name, type: "chat", text, from: me.id });
});

/** Enters the room that the address names, so that links and the back button do what one expects. */
function enter() {
  inbox?.close();
  company?.leave();
  room = decodedHash().slice(0, 60) || "lobby";
  byId("room").textContent = room;
  log.clear();
  inbox = follow({ recipient: `room:${room}` });
  company = new Company(room, me, showPeople);
  log.follow(inbox, status);
  status.update();
  inbox.on("message", countUnseen);
  inbox.on("state", ({ name }) => name === "connected" && outbox.flush());
  outbox.showAll(isOfRoom);
  showRooms();
}

function decodedHash() {
  try {
    return decodeURIComponent(location.hash.slice(1)).replace(/\p{C}+/gu, "").trim();
  } catch {
    return "";
  }
}

function countUnseen(message) {
  if (document.hidden && !isMine(message) && inbox.state.name === "connected") unseen += 1;
  showTitle();
}

function showTitle() {
  if (!document.hidden) unseen = 0;
  const title = `${room} · ${t("Chat room", "聊天室")}`;
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

function showPeople(people, connections) {
  const items = people.map((person) =>
    make("li", {}, person.name, person.id === me.id ? make("span", { className: "faint" }, t(" (you)", "（您）")) : ""),
  );
  byId("people").replaceChildren(...items);
  byId("connections").textContent = connections ? t(`${connections} connected`, `${connections} 个连接`) : "";
}

/** Lists the rooms that the broker has messages for. */
async function showRooms() {
  const query = new URLSearchParams({ prefix: "room:", limit: 100 });
  const { inboxes } = await request(`/v1/inboxes?${query}`).catch(() => ({ inboxes: [] }));
  const names = new Set(["lobby", room, ...inboxes.map(({ recipient }) => recipient.slice("room:".length))]);
  const links = [...names].sort().map((each) => {
    const link = make("a", { href: `#${encodeURIComponent(each)}` }, each);
    if (each === room) link.ariaCurrent = "true";
    return make("li", {}, link);
  });
  const focused = document.activeElement?.getAttribute("href");
  byId("rooms").replaceChildren(...links);
  if (focused) links.find(({ firstChild }) => firstChild.getAttribute("href") === focused)?.firstChild.focus();
}

byId("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = encodeURIComponent(byId("room-name").value.trim());
  event.target.reset();
  byId("composer").querySelector("textarea").focus();
});
byId("way").append(
  usesTimestamp ? t("By the tutorial's protocol. ", "使用教程的协议。") : "",
  make(
    "a",
    { href: usesTimestamp ? "/chat" : "/chat?protocol=timestamp" },
    usesTimestamp ? t("By broker.js", "改用 broker.js") : t("The tutorial's protocol", "改用教程的协议"),
  ),
);

const status = new StatusLine(byId("state"), () => [inbox ?? { state: { name: "connecting" } }]);
addEventListener("hashchange", enter);
addEventListener("pagehide", () => company.leave());
addEventListener("pageshow", ({ persisted }) => {
  // Who has left does not come back.
  if (persisted) company = new Company(room, me, showPeople);
});
document.addEventListener("visibilitychange", showTitle);
setInterval(() => document.hidden || showRooms(), 30_000);
enter();
showTitle();
