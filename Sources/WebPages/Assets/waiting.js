// The loop of the old tutorials: ask, wait at most 80 s, look at `success`, ask again. Their server gave up after 40 s
// and said so, so that the page's own timeout never came; ours does the same.

import { byId, t, textOf } from "./dom.js";

const asked = new URLSearchParams(location.search);
/** How long the server waits, and how long this page does. */
const serverSeconds = Number(asked.get("timeout") ?? 40);
const pageSeconds = Number(asked.get("patience") ?? 80);
const pauseAfterErrors = 2000;

/** What `$.ajax` is to them, as far as it is needed here. */
function ajax({ url, data, timeout, success, error }) {
  const request = new XMLHttpRequest();
  request.open("GET", `${url}?${new URLSearchParams(data)}`);
  request.responseType = "json";
  request.timeout = timeout;
  request.onload = () => (request.status === 200 ? success(request.response) : error("error"));
  request.onerror = () => error("error");
  request.ontimeout = () => error("timeout");
  request.send();
  return request;
}

/** Asks for ever. `show(kind, detail)` is told of each answer: data, none, timeout or error. */
export function wait(recipient, show) {
  // Without a cursor this would take the messages, as the tutorial did, and the bell would have nothing to count.
  let cursor = "now";
  let request;
  let timer;
  let until = 0;

  function ask() {
    clearTimeout(timer);
    // A tab that nobody sees needs no connection.
    if (document.hidden) return;
    until = performance.now() + pageSeconds * 1000;
    request = ajax({
      url: "/v1/poll",
      data: { recipient, cursor, timeout: serverSeconds },
      timeout: pageSeconds * 1000,
      success(answer) {
        cursor = answer.cursor ?? cursor;
        if (answer.success === "1") {
          for (const message of answer.messages) show("data", textOf(message));
        } else {
          show("none");
        }
        ask();
      },
      error(kind) {
        show(kind);
        timer = setTimeout(ask, kind === "timeout" ? 0 : pauseAfterErrors);
      },
    });
  }

  document.addEventListener("visibilitychange", () => {
    request?.abort();
    request = null;
    ask();
  });
  byId("patience").textContent = t(`after ${pageSeconds} s`, `${pageSeconds} 秒后`);
  const count = () => {
    const seconds = Math.max(0, Math.round((until - performance.now()) / 1000));
    byId("waiting").textContent = t(`waiting, at most ${seconds} s more`, `正在等待，最多还有 ${seconds} 秒`);
  };
  ask();
  count();
  setInterval(count, 1000);
}
