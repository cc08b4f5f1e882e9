/** A client in this process that keeps a short policy and a quick heartbeat, and what it may do wrong: for tests of the rows about them. */
import { WebSocket } from "ws";
import type { Contract, Endpoint, Json } from "../../src/contract/contract.js";
import type { Report } from "../report/report.js";
import { sampleContract, sampleEndpoint } from "../test-subject.js";
import type { ClientCheck } from "./check.js";
import { checkClient } from "./check-client.js";
import type { ClientAdapter } from "./launch/adapter.js";

/** The sample contract with a policy that ends soon, a table of close codes and a quick heartbeat. */
export const shortPolicy: Endpoint = {
  ...sampleEndpoint,
  // No command is answered by `said`: the server may say it at any time.
  operations: sampleEndpoint.operations.filter(({ name }) => name !== "say"),
  reconnect: {
    strategy: "exponential",
    initialDelayMs: 200,
    factor: 2,
    maxDelayMs: 800,
    jitter: 0,
    maxAttempts: 3,
    onCleanClose: false,
    resetAfterMs: 1000,
    connectTimeoutMs: 500,
    offline: "reject",
    restore: [],
  },
  closeCodes: {
    "1000": { cause: ["done"], retry: false, by: "both" },
    "1011": { cause: ["internal"], retry: true, by: "server" },
    "4401": { cause: ["unauthorized"], retry: false, by: "server" },
  },
  heartbeat: {
    mode: "application",
    initiator: "client",
    intervalMs: 1000,
    timeoutMs: 600,
    life: "pong",
    ping: "ping",
    pong: "pong",
  },
};

/** One thing that the client does otherwise. */
export interface Faults {
  /** Delay of attempt `n` (milliseconds); undefined: there is no such attempt. */
  readonly delay?: (n: number) => number | undefined;
  /** Whether it comes back after this code. */
  readonly retries?: (code: number) => boolean;
  /** After so long it counts as healthy (milliseconds). */
  readonly healthyMs?: number;
  /** What it makes of an end twice, as where error and close both lead to an attempt. */
  readonly twice?: boolean;
  /** How long after a ping it gives up (milliseconds); undefined: never. */
  readonly patienceMs?: number | undefined;
  /** Any event counts as a pong. */
  readonly believesAll?: boolean;
  /** It waits for the close event of a socket that it has given up. */
  readonly waitsForClose?: boolean;
  /** The heartbeat of a connection goes on on the next. */
  readonly leaksBeats?: boolean;
  /** Closing on purpose leaves the timer of the next attempt alone. */
  readonly closesOnlySocket?: boolean;
  /** It never says that it has given up. */
  readonly silentEnd?: boolean;
  /** What becomes of a command while there is no connection. */
  readonly offline?: "reject" | "queue" | "lose" | "twice" | "reversed";
  /** It pings nobody. */
  readonly noBeat?: boolean;
}

/** The client. */
export function policyClient(faults: Faults = {}, endpoint: Endpoint = shortPolicy): ClientAdapter {
  const {
    delay = (n) => (n < 3 ? Math.min(800, 200 * 2 ** n) : undefined),
    retries = (code) => endpoint.closeCodes?.[code]?.retry ?? code === 1006,
    healthyMs = 1000,
    offline = endpoint.reconnect?.offline ?? "reject",
  } = faults;
  const patienceMs = "patienceMs" in faults ? faults.patienceMs : 600;
  return (scene) => {
    const { clock } = scene;
    const waiting: string[] = [];
    const beats = new Set<ReturnType<typeof clock.setInterval>>();
    let n = 0;
    let socket: WebSocket | undefined;
    let next: ReturnType<typeof clock.setTimeout> | undefined;
    let closed = false;

    function later(code: number): void {
      if (closed || !retries(code)) return;
      const ms = delay(n);
      n += 1;
      if (ms === undefined) {
        if (faults.silentEnd !== true) scene.state("failed", { code });
        return;
      }
      scene.state("reconnecting", { attempt: n, code });
      next = clock.setTimeout(connect, ms);
    }

    function connect(): void {
      // The constructor that `judge` gives.
      const own = new scene.WebSocket(scene.url) as WebSocket;
      socket = own;
      let isOver = false;
      let gaveUp: ReturnType<typeof clock.setTimeout> | undefined;
      let healthy: ReturnType<typeof clock.setTimeout> | undefined;
      let beat: ReturnType<typeof clock.setInterval> | undefined;
      const slow = clock.setTimeout(() => own.terminate(), 500);
      const end = (code: number): void => {
        if (isOver) return;
        isOver = true;
        for (const timer of [gaveUp, healthy, slow]) clock.clearTimeout(timer);
        if (faults.leaksBeats !== true) clock.clearInterval(beat);
        later(code);
        if (faults.twice === true) later(code);
      };
      const alive = (): void => clock.clearTimeout(gaveUp);
      const ping = (): void => {
        if (socket?.readyState !== WebSocket.OPEN) return;
        socket.send('{"cmd":"ping"}');
        if (patienceMs === undefined) return;
        alive();
        gaveUp = clock.setTimeout(() => {
          own.close(4408);
          if (faults.waitsForClose !== true) end(1006);
        }, patienceMs);
      };
      own.on("error", () => undefined);
      own.on("open", () => {
        clock.clearTimeout(slow);
        scene.state("connected");
        healthy = clock.setTimeout(() => {
          n = 0;
        }, healthyMs);
        if (healthyMs === 0) n = 0;
        if (faults.noBeat !== true) beat = clock.setInterval(ping, 1000);
        if (beat !== undefined) beats.add(beat);
        for (const text of waiting.splice(0)) own.send(text);
      });
      own.on("message", (data) => {
        const event: { readonly event?: string } & Record<string, Json> = JSON.parse(String(data));
        if (event.event === "pong" || faults.believesAll === true) alive();
        if (event.event !== undefined) scene.event(event, event.event);
      });
      own.on("close", (code) => end(faults.waitsForClose === true && code === 4408 ? 1006 : code));
    }

    async function say(payload: Json): Promise<undefined> {
      const text = JSON.stringify(payload);
      if (socket?.readyState === WebSocket.OPEN) socket.send(text);
      else if (offline === "reject")
        throw Object.assign(new Error("no connection"), { code: "not-connected" });
      else if (offline === "queue") waiting.push(text);
      else if (offline === "twice") waiting.push(text, text);
      else if (offline === "reversed") waiting.unshift(text);
    }

    connect();
    return {
      commands: { say, count: say, ping: say },
      close() {
        if (faults.closesOnlySocket !== true) {
          closed = true;
          clock.clearTimeout(next);
        }
        scene.state("disconnected");
        socket?.close(1000);
      },
      stop() {
        closed = true;
        clock.clearTimeout(next);
        for (const beat of beats) clock.clearInterval(beat);
        socket?.terminate();
      },
    };
  };
}

/** Judges such a client by these rows, in real time. */
export function judgePolicy(
  adapter: ClientAdapter,
  checks: readonly ClientCheck[],
  endpoint: Endpoint = shortPolicy,
  contract: Contract = sampleContract(endpoint),
): Promise<Report> {
  return checkClient({
    contract,
    adapter,
    WebSocket,
    checks,
    time: "real",
    seed: 1,
    runs: 2,
    replies: false,
  });
}

/** What became of a row. */
export function verdictOf(report: Report, id: string): string | undefined {
  return report.outcomes.find((outcome) => outcome.id === id)?.verdict;
}
