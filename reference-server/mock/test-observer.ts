/** A real client that judges what a mock sends, by the oracle, the judge's lifecycles and the invariants. */

import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { brokenInvariants, type Seen } from "../../src/arbitrary/speech/test-invariants.js";
import type { Contract, Endpoint, Json } from "../../src/contract/contract.js";
import { type LifecycleMonitor, openLifecycles } from "../../src/contract/lifecycle.js";
import { payloadOf } from "../../src/contract/payload.js";
import { createOracle } from "../../src/contract/validate.js";

/** One connection to a mock, as the other side sees it. */
export interface Observer {
  readonly events: readonly Seen[];
  readonly lifecycle: LifecycleMonitor;
  /** Sends a command of the contract. */
  send(name: string, payload: Json): void;
  /** Sends text that is no command. */
  sendText(text: string): void;
  /** The first event that fits and was not given out yet; rejects after five seconds. */
  next(name: string): Promise<Seen>;
  /** Waits until nothing may be due and nothing comes; rejects after `waitMs`, five seconds where absent. */
  settled(): Promise<void>;
  /** What was wrong so far, in sentences; none when the mock keeps its contract. */
  problems(): string[];
  readonly closed: Promise<number>;
  leave(): void;
}

const WAIT_MS = 5_000;
const LOOK_MS = 5;
/** More than ten turns of a mock's pace. */
const QUIET_MS = 40;

/** Connects to an endpoint of a mock and watches. `contract` is what is judged by. */
export async function observe(
  url: string,
  contract: Contract,
  endpoint: Endpoint,
  options: { readonly timeScale: number; readonly polling?: boolean; readonly waitMs?: number },
): Promise<Observer> {
  const events = createOracle(contract, endpoint, "event");
  const commands = createOracle(contract, endpoint, "command");
  const now = (): number => performance.now();
  // A busy machine must not make a mock look late: what never comes is found by `settled`.
  const lifecycle = openLifecycles(endpoint, {
    timeScale: options.timeScale,
    openedAtMs: now(),
    minimumMs: 2 * WAIT_MS,
  });
  const seen: Seen[] = [];
  const given = new Set<Seen>();
  const undecodable: string[] = [];
  let gone: (code: number) => void = () => {};
  let left = false;
  let touchedAt = now();
  const closed = new Promise<number>((resolve) => {
    gone = resolve;
  });

  function received(text: string): void {
    touchedAt = now();
    const judged = events.judge(text);
    if (!judged.ok) {
      undecodable.push(`${text.slice(0, 200)}: ${judged.error.code} at ${judged.error.path}`);
      return;
    }
    const payload = payloadOf(endpoint, judged.value);
    seen.push({ from: "server", names: judged.messages, payload });
    lifecycle.received({ names: judged.messages, payload }, now());
  }

  function ended(code: number): void {
    // At the scale of tests a server's patience with a silent client is short.
    const explained = endpoint.closeCodes?.[code]?.cause.includes("heartbeat") === true;
    lifecycle.closed({ by: left ? "client" : "server", code, explained }, now());
    gone(code);
  }

  const duct =
    endpoint.protocol.transport === "socket.io"
      ? await overSocketIo(url, options.polling === true, received, ended)
      : await overWebSocket(url, received, ended);

  return {
    lifecycle,
    closed,
    get events() {
      return seen.filter((one) => one.from === "server");
    },
    send(name, payload) {
      const row = endpoint.protocol.receive.rows.find((one) => one.message === name);
      const text = JSON.stringify(
        endpoint.protocol.transport === "socket.io" ? [row?.values[0]?.[0] ?? name, payload] : payload,
      );
      const judged = commands.judge(text);
      if (!judged.ok) throw new Error(`${text} is no command: ${JSON.stringify(judged.error)}`);
      seen.push({ from: "client", names: judged.messages, payload });
      lifecycle.sent({ kind: "command", names: judged.messages, payload }, now());
      touchedAt = now();
      duct.send(text);
    },
    sendText(text) {
      lifecycle.sent({ kind: "undecodable" }, now());
      duct.send(text);
    },
    async next(name) {
      const end = now() + WAIT_MS;
      for (;;) {
        const found = seen.find(
          (one) => one.from === "server" && one.names.includes(name) && !given.has(one),
        );
        if (found !== undefined) {
          given.add(found);
          return found;
        }
        if (now() > end) {
          const got = seen.map((one) => `${one.from} ${one.names.join("|")}`).join(", ");
          throw new Error(`no ${name} came; got ${got || "nothing"}`);
        }
        await pause(LOOK_MS);
      }
    },
    async settled() {
      const end = now() + (options.waitMs ?? WAIT_MS);
      while (!isSettled(endpoint, lifecycle) || now() - touchedAt < QUIET_MS) {
        if (now() > end) throw new Error(`still due: ${JSON.stringify(lifecycle.configurations())}`);
        await pause(LOOK_MS);
      }
    },
    problems: () => [
      ...undecodable,
      ...lifecycle.violations.map((one) => `${one.lifecycle ?? "connection"}: ${one.message}`),
      ...brokenInvariants(endpoint, seen),
      ...(lifecycle.overflow ? ["too many configurations"] : []),
    ],
    leave() {
      left = true;
      duct.leave();
    },
  };
}

/** Resolves after a while. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** True when some course of events explains that nothing more is due. */
function isSettled(endpoint: Endpoint, lifecycle: LifecycleMonitor): boolean {
  return lifecycle.configurations().every((view) => {
    const row = endpoint.lifecycles.find((one) => one.name === view.lifecycle);
    const owed = (state: string): boolean => row?.obligations.some((one) => one.in.includes(state)) === true;
    return (
      !view.judged || view.configurations.some(({ state, pending }) => pending.length === 0 && !owed(state))
    );
  });
}

interface Duct {
  send(text: string): void;
  leave(): void;
}

async function overWebSocket(
  url: string,
  received: (text: string) => void,
  ended: (code: number) => void,
): Promise<Duct> {
  const socket = new WebSocket(url);
  socket.on("message", (data) => received(data.toString()));
  socket.on("close", ended);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, response) => {
      response.resume();
      reject(new Error(`HTTP ${response.statusCode}`));
    });
  });
  socket.on("error", () => {});
  return { send: (text) => socket.send(text), leave: () => socket.terminate() };
}

async function overSocketIo(
  url: string,
  polling: boolean,
  received: (text: string) => void,
  ended: (code: number) => void,
): Promise<Duct> {
  const { origin, pathname } = new URL(url);
  const socket = io(origin, {
    path: pathname,
    transports: [polling ? "polling" : "websocket"],
    forceNew: true,
    reconnection: false,
  });
  socket.onAny((...packet: unknown[]) => received(JSON.stringify(packet)));
  socket.on("disconnect", () => ended(1000));
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("connect_error", reject);
  });
  return {
    send(text) {
      const [name, ...rest]: unknown[] = JSON.parse(text);
      socket.emit(String(name), ...rest);
    },
    leave: () => void socket.disconnect(),
  };
}
