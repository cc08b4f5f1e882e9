/**
 * The page that the kit serves around the user's: it holds one frame for each client and carries lines between them and
 * the kit. It takes whatever browser opens it.
 */

/**
 * How it works. The kit's orders come as server-sent events (`open`: a frame with this page, `say`: a line for it, `shut`:
 * away with it), lines of the frames go back by POST, one request after another so that they keep their order. A page may
 * begin to listen only some time after it has loaded, so hello is repeated until something comes from it.
 */
export const WRAPPER_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>wireproof</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 1rem; }
  iframe { width: 100%; height: 12rem; border: 1px solid #888; }
</style>
<h1>wireproof</h1>
<p id="said" role="status">Waiting for the kit.</p>
<div id="frames"></div>
<script>
  const HELLO_MS = 250;
  const said = document.getElementById("said");
  const frames = new Map();
  let queue = [];
  let busy = false;

  async function flush() {
    if (busy) return;
    busy = true;
    while (queue.length > 0) {
      const lines = queue;
      queue = [];
      try {
        await fetch("up", { method: "POST", body: JSON.stringify(lines) });
      } catch {
        said.textContent = "The kit is gone.";
      }
    }
    busy = false;
  }

  function open({ frame, src }) {
    const element = document.createElement("iframe");
    const one = { element, waiting: [], hello: undefined, heard: false, timer: undefined };
    frames.set(frame, one);
    element.addEventListener("load", () => {
      const post = (line) => element.contentWindow?.postMessage(line, "*");
      one.post = (line) => {
        if (line.type === "hello") {
          one.timer = setInterval(() => {
            if (one.heard) clearInterval(one.timer);
            else post(line);
          }, HELLO_MS);
        }
        post(line);
      };
      for (const line of one.waiting.splice(0)) one.post(line);
    }, { once: true });
    element.src = src;
    document.getElementById("frames").append(element);
  }

  function say({ frame, line }) {
    const one = frames.get(frame);
    if (one?.post) one.post(line);
    else one?.waiting.push(line);
  }

  function shut({ frame }) {
    const one = frames.get(frame);
    clearInterval(one?.timer);
    one?.element.remove();
    frames.delete(frame);
  }

  addEventListener("message", ({ data, source }) => {
    for (const [frame, one] of frames) {
      if (one.element.contentWindow !== source) continue;
      one.heard = true;
      queue.push({ frame, line: data === undefined ? null : data });
      flush();
    }
  });

  const orders = new EventSource("down");
  orders.onopen = () => { said.textContent = "Connected to the kit. Leave this page open, and in front."; };
  orders.onerror = () => {
    said.textContent = orders.readyState === EventSource.CLOSED
      ? "The kit has finished, or this page is open somewhere else."
      : "The kit is gone.";
  };
  const obey = { open, say, shut };
  orders.onmessage = ({ data }) => { const order = JSON.parse(data); obey[order.type](order); };
</script>
</html>
`;
