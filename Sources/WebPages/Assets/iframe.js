// The forever-iframe as a transport of /broker.js: a hidden page that never finishes loading and calls a function of
// ours with each message. It is how streams were done before there were any; the desk keeps it for comparison.

let frames = 0;

export async function iframe({ url, path, receive, signal }) {
  // The page around it would not finish loading either, had it not done so before.
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve));
  signal.throwIfAborted();
  await new Promise((_, reject) => {
    const callback = `comet${++frames}`;
    const frame = document.createElement("iframe");
    signal.addEventListener("abort", () => {
      frame.remove();
      delete window[callback];
    });
    window[callback] = (item) => {
      // The script that calls has done its work; kept, they would fill the memory of a page that is open for days.
      frame.contentDocument.currentScript?.remove();
      try {
        receive(item);
      } catch (error) {
        reject(error);
      }
    };
    frame.addEventListener("load", () => reject(new Error("the stream broke off")));
    frame.hidden = true;
    frame.src = url + path("/v1/stream", { as: "iframe", callback: `parent.${callback}` });
    document.body.append(frame);
  });
}
