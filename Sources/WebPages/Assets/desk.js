// What the two sides of the customer-service desk share: names.
//
// Who writes where:
// - `desk:visitor-482`, one inbox a customer, holds the whole conversation: questions, answers, notices. Every tab of
//   the customer and every agent who looks at it follows it from the start; nobody acks it, so its messages stay as
//   long as the broker keeps unread ones (24 h). When it is full, the broker drops the oldest that were delivered.
// - `desk:support`, one for all agents, holds a second copy of each question. What is unread here waits for an agent.
// A question goes to both with one send; its content is `{"text": …, "ref": …}`, and the `ref` tells that two copies
// are one question. Whatever else comes to `desk:support` is a notice.

export const supportInbox = "desk:support";
export const visitorInboxPrefix = "desk:visitor-";
export const inboxOf = (name) => `desk:${name}`;
export const isVisitor = (name) => /^visitor-\d{3,6}$/.test(name);

/** The name of whoever uses this browser, `visitor-482` or `agent-7140`: made on the first visit, kept for a year.
 * It is a label and no secret: who knows it can read along. */
export function ownName(kind) {
  const known = document.cookie.match(new RegExp(`(?:^|; )desk-${kind}=(${kind}-\\d{3,6})(?:;|$)`));
  const name = known?.[1] ?? `${kind}-${100 + (crypto.getRandomValues(new Uint32Array(1))[0] % 999_900)}`;
  document.cookie = `desk-${kind}=${name}; path=/desk; max-age=${365 * 24 * 3600}; samesite=strict`;
  return name;
}

export const isQuestion = ({ type, sender, content }) =>
  type === "question" && isVisitor(sender) && typeof content?.ref === "string";
