/** Shows what a client is: state, attempts, the wait for the next one, and its figures. */

import type { ClientStats, ClientStatus } from "../src/client/status.js";
import type { Protocol } from "../src/wire/protocol.js";
import { element } from "./element.js";
import { explain } from "./words.js";

export interface StatusPanel {
  /** Shows a status; told at each change. */
  show(status: ClientStatus, protocol: Protocol): void;
  /** Shows figures; told now and then. */
  count(stats: ClientStats): void;
}

/** More attempts than these are not drawn as dots. */
const MAX_DOTS = 10;
const TICK_MS = 100;

/** Draws into `root`. */
export function createStatusPanel(root: HTMLElement): StatusPanel {
  const state = element("strong", { class: "state" }, "disconnected");
  const dots = element("span", { class: "dots" });
  // Only the state is read aloud at each change, not every tenth of a second of the wait.
  const live = element("p", { class: "light", "aria-live": "polite" }, state, " ", dots);
  const about = element("p", { class: "about" });
  const bar = element("progress", { max: 1, value: 0, "aria-label": "Wait for the next attempt" });
  const figures = element("dl", { class: "figures" });
  root.replaceChildren(live, bar, about, figures);
  bar.hidden = true;
  let timer: ReturnType<typeof setInterval> | undefined;

  return {
    show(status, protocol) {
      clearInterval(timer);
      root.dataset["state"] = status.state;
      state.textContent = status.state;
      dots.replaceChildren(...dotsOf(status));
      about.textContent = explain(status, protocol);
      const { delayMs } = status;
      bar.hidden = delayMs === undefined;
      if (delayMs === undefined) return;
      const until = performance.now() + delayMs;
      const tick = (): void => {
        const left = Math.max(0, until - performance.now());
        bar.value = delayMs === 0 ? 1 : 1 - left / delayMs;
        about.textContent = explain({ ...status, delayMs: left }, protocol);
        if (left === 0) clearInterval(timer);
      };
      timer = setInterval(tick, TICK_MS);
      tick();
    },
    count(stats) {
      const { rttMs, received, sent, decodeErrors, sockets, unknown } = stats;
      const unknowns = Object.values(unknown).reduce((sum, count) => sum + count, 0);
      const rows: readonly (readonly [string, string, boolean?])[] = [
        ["round trip", rttMs === undefined ? "–" : `${rttMs < 10 ? rttMs.toFixed(1) : rttMs.toFixed(0)} ms`],
        ["received", `${received.frames} · ${size(received.bytes)}`],
        ["sent", `${sent.frames} · ${size(sent.bytes)}`],
        ["sockets", String(sockets)],
        ["did not decode", String(decodeErrors), decodeErrors > 0],
        ["unknown names", String(unknowns), unknowns > 0],
      ];
      figures.replaceChildren(
        ...rows.map(([name, value, bad]) =>
          element(
            "div",
            { class: bad === true ? "bad" : "" },
            element("dt", {}, name),
            element("dd", {}, value),
          ),
        ),
      );
    },
  };
}

/** One dot for each attempt that the policy has, filled as they are used up. */
function dotsOf({ state, attempt, maxAttempts }: ClientStatus): Node[] {
  if (state !== "reconnecting" || maxAttempts === null || maxAttempts > MAX_DOTS) return [];
  const dots = Array.from({ length: maxAttempts }, (_, index) =>
    element("i", { class: index < attempt ? "used" : "", "aria-hidden": "true" }),
  );
  return [...dots, element("span", { class: "unseen" }, `attempt ${attempt} of ${maxAttempts}`)];
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
