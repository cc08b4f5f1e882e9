/** Breaks the page's own connections on purpose, through the server, so that one sees how the client takes it. */

import { button, element, newId } from "./element.js";
import type { Garbage } from "./garbage.js";
import type { Side } from "./session.js";
import type { Timeline } from "./timeline.js";

export interface FaultPanel {
  /** Offers what fits an endpoint. */
  offer(side: Side, garbage: readonly Garbage[]): void;
  /** A new connection has none of the faults of the one before it. */
  renewed(): void;
}

/** How long each frame of a slow connection waits (ms). */
const SLOW_MS = 1_500;

/** Draws into `root`; `token` is what the server gave this page. */
export function createFaultPanel(root: HTMLElement, token: string, timeline: Timeline): FaultPanel {
  const heartbeat = element("p", { class: "about" });
  const frames = element("select", { id: newId(), "aria-label": "What is sent" });
  const own = element("textarea", {
    class: "code",
    rows: 2,
    spellcheck: "false",
    "aria-label": "Frame of your own",
  });
  own.value = OWN_FRAME;
  own.hidden = true;
  frames.addEventListener("change", () => {
    own.hidden = frames.value !== OWN;
  });
  const codes = element("select", { id: newId(), "aria-label": "Close code" });
  const silence = toggle(
    "Silence",
    { fault: "silence" },
    "the server neither hears nor says anything, the socket stays open",
  );
  const slow = toggle("Slow", { fault: "slow", ms: SLOW_MS }, `each frame waits ${SLOW_MS / 1000} s`);
  const away = toggle("Refuse", { away: true }, "handshakes get 503 from now on");
  const garbage = new Map<string, Garbage>();

  /** Told before it is done: what it leads to is often here before the answer. */
  async function ask(body: Readonly<Record<string, unknown>>, what: string, how: string): Promise<void> {
    timeline.add({ kind: "fault", name: what, text: how });
    const said = await order(body);
    if (typeof said === "string") timeline.add({ kind: "error", name: what, text: said });
    else if (said === 0 && !("away" in body)) {
      timeline.add({ kind: "fault", name: what, text: "there is no connection just now" });
    }
  }

  /** Asks the server; gives back how many connections there were, or why it did not do it. */
  async function order(body: Readonly<Record<string, unknown>>): Promise<number | string> {
    try {
      const response = await fetch("/playground/break", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Wireproof-Page": token },
        body: JSON.stringify(body),
      });
      const answer: unknown = await response.json();
      if (!response.ok) return String(memberOf(answer, "error") ?? response.statusText);
      return Number(memberOf(answer, "connections"));
    } catch {
      return "The server cannot be reached.";
    }
  }

  /** A button that stays down. To let one go mends the connection, and that ends the other too. */
  function toggle(label: string, body: Readonly<Record<string, unknown>>, how: string): HTMLButtonElement {
    const made = button(
      label,
      () => {
        const on = made.getAttribute("aria-pressed") !== "true";
        made.setAttribute("aria-pressed", String(on));
        if (on) void ask(body, label, how);
        else if ("away" in body) void ask({ away: false }, label, "no more: handshakes are let in again");
        else {
          for (const other of [silence, slow]) other.setAttribute("aria-pressed", "false");
          void ask(
            { fault: "none" },
            label,
            "no more: the connection is mended, what was swallowed stays lost",
          );
        }
      },
      { "aria-pressed": "false" },
    );
    return made;
  }

  root.replaceChildren(
    element(
      "div",
      { class: "faults" },
      button(
        "Drop",
        () => void ask({ fault: "drop" }, "Drop", "the server destroys the socket, without a Close"),
      ),
      silence,
      slow,
      away,
    ),
    element(
      "div",
      { class: "faults" },
      element(
        "span",
        { class: "pair" },
        frames,
        button("Send garbage", () => void sendGarbage()),
      ),
      element(
        "span",
        { class: "pair" },
        codes,
        button("Close", () => void closeWith()),
      ),
    ),
    own,
    heartbeat,
  );

  function sendGarbage(): void {
    const frame = frames.value === OWN ? own.value : garbage.get(frames.value)?.frame;
    if (frame !== undefined) void ask({ fault: "garbage", frame }, "Garbage", frames.value);
  }

  function closeWith(): void {
    const [row] = codes.selectedOptions;
    void ask(
      { fault: "close", code: Number(codes.value) },
      "Close",
      `the server closes with ${row?.text ?? ""}`,
    );
  }

  return {
    offer(side, offered) {
      garbage.clear();
      for (const one of offered) garbage.set(one.label, one);
      frames.replaceChildren(...[...garbage.keys(), OWN].map((label) => element("option", {}, label)));
      own.hidden = frames.value !== OWN;
      const known = Object.entries(side.closeCodes).filter(([, { by }]) => by !== "client");
      const declared = known.map(([code, { cause }]) => [code, cause.join(", ")] as const);
      const bare = side.transport === "socket.io" ? SOCKET_IO_CODES : BARE_CODES;
      const rows = declared.length > 0 ? declared : bare;
      codes.replaceChildren(
        ...rows.map(([code, cause]) => element("option", { value: code }, `${code} ${cause}`)),
      );
      heartbeat.textContent = aboutSilence(side);
    },
    renewed() {
      for (const pressed of [silence, slow]) pressed.setAttribute("aria-pressed", "false");
    },
  };
}

const OWN = "a frame of my own";
/** What stands there first: JSON for either transport, and an event that few contracts have. */
const OWN_FRAME = '["my_event", {}]';

/** Where a document declares none. */
const BARE_CODES = [
  ["1000", "done"],
  ["1001", "going away"],
  ["1011", "internal"],
  ["1012", "restart"],
] as const;
const SOCKET_IO_CODES = [["1000", "goodbye (Socket.IO has no codes)"]] as const;

/** Who finds out about a silence, and when. */
function aboutSilence({ heartbeat, transport }: Side): string {
  if (transport === "socket.io")
    return "Silence swallows messages only: the heartbeat is Engine.IO's own and goes on.";
  const { intervalMs, timeoutMs, mode, initiator } = heartbeat ?? {};
  if (mode !== "application" || initiator !== "client" || typeof intervalMs !== "number") {
    return "Silence: the contract declares no heartbeat of the client, so it will not notice.";
  }
  const most = (intervalMs + (timeoutMs ?? 0)) / 1000;
  return `Silence: the heartbeat finds it within ${most} s of the contract’s time.`;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
