// The customer's side: asks, and sees answers by long polling its own inbox, which holds the whole conversation.
// Every tab of one visitor follows the same inbox from the start, so all of them show all of it, after a reload too.

import { connect } from "/broker.js";
import { inboxOf, ownName, supportInbox } from "./desk.js";
import { StatusLine, byId, composer } from "./dom.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";

const me = ownName("visitor");
byId("name").textContent = me;

const log = new Log(byId("log"), {
  isMe: ({ sender }) => sender === me,
  sideOf: ({ sender, type }) => (sender === me ? "mine" : type === "answer" ? "theirs" : "notice"),
  onRetry: (ref) => outbox.retry(ref),
  onEdit: (ref, text) => {
    outbox.withdraw(ref);
    edit(text);
  },
});
const outbox = new Outbox(me, (letter, state, reason) => log.showLetter(letter, state, reason));

const edit = composer(byId("composer"), (text) => {
  outbox.post({ recipients: [supportInbox, inboxOf(me)], sender: me, type: "question", text });
});

const inbox = connect({ recipient: inboxOf(me), transport: "poll" });
const status = new StatusLine(byId("state"), () => [inbox]);
log.follow(inbox, status);
inbox.on("state", ({ name }) => name === "connected" && outbox.flush());
outbox.showAll();
