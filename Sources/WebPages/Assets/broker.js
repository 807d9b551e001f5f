// Explained in the types.
// @ts-self-types="./broker.d.ts"

const home = new URL(import.meta.url).origin;

export const backoff = (attempts) => Math.min(30_000, 1000 * 2 ** attempts) * (0.5 + Math.random() / 2);

export const randomKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

export class Refusal extends Error {
  constructor({ code, detail, status }) {
    super(detail ?? code ?? `HTTP ${status}`);
    Object.assign(this, { code, status, isTemporary: status >= 500 || [408, 429].includes(status) });
  }
}

const attempt = (action) => {
  try {
    return action();
  } catch {}
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(path, { url = home, method, body, signal = AbortSignal.timeout(15_000) } = {}) {
  const response = await fetch(url + path, {
    method: method ?? (body ? "POST" : "GET"),
    headers: body && { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal,
  });
  if (response.ok) return response;
  throw new Refusal({ ...(await response.json().catch(() => {})), status: response.status });
}

export const request = async (...call) => JSON.parse((await (await open(...call)).text()) || "{}");

export async function send(message, { url, attempts = 4 } = {}) {
  const body = { key: randomKey(), ...message };
  for (let tried = 1; ; tried++) {
    try {
      return await request("/v1/send", { url, body });
    } catch (error) {
      if (tried >= attempts || error.isTemporary === false) throw error;
      await sleep(backoff(tried));
    }
  }
}

const late = new Error("the stream was silent");
const silence = new Error("the server was silent");

const ways = {
  async stream({ url, path, receive, abort, openSeconds, signal }) {
    const timer = setTimeout(() => abort(late), openSeconds * 1000);
    const { body } = await open(path("/v1/stream", { as: "sse" }), { url, signal });
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream broke off");
      clearTimeout(timer);
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const lines of events) {
        const { event, id, data } = Object.fromEntries(lines.split("\n").map((line) => line.split(/: (.*)/s)));
        if (data) receive(Object.assign(JSON.parse(data), event && { event }), id);
      }
    }
  },

  async poll({ poll, pollSeconds }) {
    for (;;) {
      const askedAt = Date.now();
      const { success } = await poll(pollSeconds);
      if (success === "0" && Date.now() - askedAt < 500 * pollSeconds) throw new Error("the poll was ended");
    }
  },

  async interval({ poll, intervalSeconds }) {
    for (;;) {
      await sleep(intervalSeconds * 1000);
      await poll(0);
    }
  },
};
const names = Object.keys(ways);

export function connect(given) {
  const options = {
    url: home, cursor: "0", transport: "stream", presence: [], share: true,
    openSeconds: 5, pollSeconds: 25, intervalSeconds: 5, silenceSeconds: 40, upgradeSeconds: 300, ...given,
  };
  const { url, transport, remember, silenceSeconds } = options;
  const recipients = [options.recipient].flat();
  const place = "broker:" + JSON.stringify([url, recipients]);
  const key = place + JSON.stringify([transport, options.presence]);
  const session = randomKey();
  const life = new AbortController();
  const present = {};
  const first = names.indexOf(transport);
  let level = first;
  let faults = 0;
  let attempts = 0;
  let frames = [];
  let upgradeAt, turn, link, leads, channel, timer, wake, openedAt, unproven, catching, draining;

  const connection = Object.assign(new EventTarget(), {
    cursor: attempt(() => remember && localStorage[place]) || options.cursor,
    state: { name: "connecting" },

    on(type, listener) {
      const handler = ({ detail }) => listener(detail);
      connection.addEventListener(type, handler);
      return () => connection.removeEventListener(type, handler);
    },

    async *[Symbol.asyncIterator]() {
      const queue = [];
      let wake = () => {};
      const off = connection.on("message", (message) => wake(queue.push(message)));
      life.signal.addEventListener("abort", () => wake());
      try {
        while (queue.length || !life.signal.aborted) {
          if (queue.length) yield queue.shift();
          else await new Promise((resolve) => (wake = resolve));
        }
      } finally {
        off();
      }
    },

    send: (message) => send({ recipient: message.recipients ? undefined : recipients[0], ...message }, { url }),

    ack: async (upTo, recipient = recipients[0]) =>
      (await request("/v1/ack", { url, body: { recipient, [upTo.map ? "ids" : "upTo"]: upTo } })).unread,

    unread: async (recipient = recipients[0]) =>
      (await request(`/v1/inbox?${new URLSearchParams({ recipient })}`, { url })).unread,

    poll: ({ timeout = 0, ...fields } = {}, signal = AbortSignal.timeout(1000 * timeout + 15_000)) =>
      request(path("/v1/poll", { timeout, ...fields }), { url, signal }),

    retry() {
      if (leads) wake?.();
      else if (turn) compete(true);
    },

    close() {
      pause();
      show({ name: "closed" });
      life.abort();
    },
  });

  const emit = (type, detail) => !life.signal.aborted && connection.dispatchEvent(new CustomEvent(type, { detail }));

  function path(path, fields) {
    const query = new URLSearchParams(fields);
    for (const name of recipients) query.append("recipient", name);
    if (fields.as) for (const name of options.presence) query.append("presence", name);
    return `${path}?${query}`;
  }

  const post = (data) => leads && channel?.postMessage({ ...data, cursor: connection.cursor });

  function show(state) {
    emit("state", (connection.state = state));
    post({ state });
  }

  function tell(presence) {
    const { recipient, online } = presence;
    if (present[recipient]?.online === online) return;
    present[recipient] = presence;
    emit("presence", presence);
    post({ present: [presence] });
  }

  function deliver(answer) {
    const from = connection.cursor;
    const { messages = [], gap, reset, presence, cursor = from } = answer;
    if (reset) emit("reset", {});
    if (gap) emit("gap", gap);
    if (!messages.every((message) => emit("message", message))) return;
    if (presence) tell(presence);
    connection.cursor = cursor;
    if (!leads) return;
    alive();
    attempt(() => remember && (localStorage[place] = cursor));
    post({ from, answer });
  }

  function catchUp() {
    const ask = async () => {
      for (let answer = {}; answer.success !== "0" && !life.signal.aborted; deliver(answer)) {
        const { cursor } = connection;
        try {
          answer = await connection.poll({ cursor, limit: 1000 }, AbortSignal.timeout(500 * silenceSeconds));
        } catch (error) {
          if (error.code !== "invalid_request" || cursor === "0") throw error;
          answer = { reset: true, cursor: "0" };
        }
      }
    };
    return (catching ??= ask().finally(() => (catching = null)));
  }

  // The tab with the lock leads: it connects and tells the others.

  function begin() {
    if (turn || life.signal.aborted) return;
    if (options.share && navigator.locks) {
      channel = new BroadcastChannel(key);
      channel.onmessage = ({ data }) => hear(data);
      channel.postMessage({ hello: true });
      catchUp().catch(() => {});
    }
    compete();
  }

  function pause() {
    turn?.abort();
    channel?.close();
    clearTimeout(timer);
    turn = leads = channel = null;
  }

  async function compete(steal) {
    turn?.abort();
    leads = false;
    const mine = (turn = new AbortController());
    const { signal } = mine;
    alive();
    try {
      await (channel ? navigator.locks.request(key, steal ? { steal } : { signal }, () => lead(signal)) : lead(signal));
    } catch ({ name }) {
      if (name !== "AbortError") await lead(signal); // Locks are forbidden.
    }
    if (turn === mine) compete();
  }

  function alive() {
    clearTimeout(timer);
    if (!turn) return;
    const seconds = Math.max(silenceSeconds, 1.5 * options[connection.state.transport + "Seconds"] || 0);
    const silent = () => (leads ? link.abort(silence) : compete(true));
    timer = setTimeout(silent, seconds * (leads ? 1000 : 1500 + 999 * Math.random()));
  }

  function hear({ hello, state, present: changed = [], ...frame }) {
    if (hello) return post({ state: connection.state, present: Object.values(present) });
    if (leads) return;
    if (state) show(state);
    alive();
    changed.map(tell);
    frames.push(frame);
    drain();
  }

  async function drain() {
    if (draining) return;
    draining = true;
    try {
      await catching;
      for (let frame; (frame = frames.shift()); ) {
        const { from, answer, cursor } = frame;
        if (leads || cursor === connection.cursor) continue;
        if (from === connection.cursor) deliver(answer);
        else await catchUp((frames = []));
      }
    } catch {}
    draining = false;
  }

  async function lead(turn) {
    while (!turn.aborted) {
      leads = true;
      link = new AbortController();
      const { signal } = link;
      turn.onabort = () => link.abort();
      try {
        await Promise.race([follow(link), new Promise((_, reject) => (signal.onabort = () => reject(signal.reason)))]);
      } catch (error) {
        link.abort();
        clearTimeout(timer);
        if (!turn.aborted) await judge(error, turn);
      }
    }
  }

  async function follow(link) {
    const { signal } = link;
    openedAt = Infinity;
    unproven = 0;
    await catchUp();
    signal.throwIfAborted();
    openedAt = unproven = Date.now();
    const name = names[level];
    const at = (fields) => ({ cursor: connection.cursor, session, ...fields });
    show({ name: "connected", transport: name });
    alive();
    await (ways[name] ?? transport)({
      ...options,
      signal,
      abort: (reason) => link.abort(reason),
      path: (name, fields) => path(name, at(fields)),
      receive(item, cursor = item.cursor ?? item.id) {
        const { event } = item;
        signal.throwIfAborted();
        unproven = 0;
        if (!event || !cursor) faults = 0;
        if (event === "bye") throw new Error(`the stream was ended: ${item.reason}`);
        deliver({ [event ?? "messages"]: event ? item : [item], cursor });
      },
      async poll(timeout) {
        if (Date.now() > upgradeAt) throw late;
        const answer = await connection.poll(at({ timeout, limit: 1000 }), signal);
        signal.throwIfAborted();
        unproven = faults = 0;
        deliver(answer);
        return answer;
      },
    });
  }

  async function judge(error, turn) {
    if (Date.now() > upgradeAt) {
      upgradeAt = Infinity;
      return (level = first);
    }
    faults += error === late ? 2 : error === silence || (unproven && !error.code);
    if (faults > 1 && level < 2) {
      faults = 0;
      upgradeAt = Date.now() + options.upgradeSeconds * 1000;
      return level++;
    }
    if (Date.now() - openedAt > 10_000) attempts = 0;
    const delay = backoff(attempts++);
    const name = navigator.onLine ? "reconnecting" : "offline";
    show({ name, retryAt: Date.now() + delay, reason: error.message });
    await new Promise((resolve) => setTimeout((wake = turn.onabort = resolve), delay));
    if (leads) show({ name });
  }

  const events = {
    online: () => wake?.(),
    offline: () => link?.abort(new Error("the network is gone")),
    freeze: pause,
    pagehide: pause,
    resume: begin,
    pageshow: begin,
  };
  for (const type in events) addEventListener(type, events[type], { signal: life.signal, capture: true });
  queueMicrotask(begin);
  return connection;
}
