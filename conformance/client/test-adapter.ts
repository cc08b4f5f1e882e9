/** A client of this process for tests: on `ws`, right by the contract's own oracle, and what it may do wrong. */
import type { WebSocket } from "ws";
import { createWalks } from "../../src/arbitrary/speech/walks.js";
import type { Contract, Endpoint, Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { sameJson } from "../../src/contract/same-json.js";
import { createJudge, type Judge } from "../judge.js";
import { sampleContract } from "../test-subject.js";
import type { AdapterScene, ClientAdapter } from "./launch/adapter.js";

/** A command that waits for its reply. */
interface Waiting {
  readonly name: string;
  readonly payload: Json;
  resolve(reply: Json): void;
  reject(code: string): void;
}

/** What the client does otherwise than it should. */
export interface AdapterFaults {
  /** Sees each frame before anything else. */
  readonly heard?: (text: string, socket: WebSocket) => void;
  /** What the application gets for a valid event; default: its payload, once. */
  readonly deliver?: (payload: Json) => readonly Json[];
  /** What it gets for a frame that does not decode; default: nothing. */
  readonly deliverInvalid?: (text: string, code: string) => readonly Json[];
  /** What is reported of such a frame; default: its code. */
  readonly report?: (code: string) => string | undefined;
  /** Whether an illegal event is reported; default true. */
  readonly tellsIllegal?: boolean;
  /** Sent at open. */
  readonly atOpen?: string;
  /** Which request an answer settles, where the right one is another. */
  readonly settle?: (right: Waiting | undefined, open: readonly Waiting[]) => Waiting | undefined;
  /** Multiplies the time after which a request ends; infinite: never. */
  readonly patience?: number;
  /** What happens to requests of a lost connection; default: they are rejected. */
  readonly lost?: "forgotten" | "repeated";
  /** Delay of a reconnect (milliseconds, scaled); default: the first of the policy. */
  readonly delayMs?: number;
  /** Whether it comes back after this close code, where the table does not want it. */
  readonly returns?: boolean;
}

/** An adapter of such clients. */
export function adapted(
  endpoint: Endpoint,
  faults: AdapterFaults = {},
  contract: Contract = sampleContract(endpoint),
): ClientAdapter {
  const judge = createJudge(contract, endpoint);
  return (scene) => openClient(scene, judge, faults);
}

function openClient(scene: AdapterScene, judge: Judge, faults: AdapterFaults): ReturnType<ClientAdapter> {
  const { endpoint } = judge;
  let open: Waiting[] = [];
  let socket: WebSocket;
  let timer: ReturnType<typeof scene.clock.setTimeout> | undefined;
  let walks = createWalks(endpoint);
  let isOver = false;
  const later: string[] = [];

  function connect(): void {
    walks = createWalks(endpoint);
    scene.state("connecting");
    // The constructor that the tests give is that of ws.
    socket = new scene.WebSocket(scene.url) as WebSocket;
    socket.on("error", () => undefined);
    socket.on("open", () => {
      scene.state("connected");
      if (faults.atOpen !== undefined) socket.send(faults.atOpen);
      for (const text of later.splice(0)) socket.send(text);
    });
    socket.on("message", (data) => hear(String(data)));
    socket.on("close", (code) => lost(code));
  }

  function lost(code: number): void {
    if (faults.lost === "repeated") later.push(...open.map(({ payload }) => JSON.stringify(payload)));
    else if (faults.lost === undefined) for (const one of open) one.reject("closed");
    const row = endpoint.closeCodes?.[String(code)];
    const comesBack = row?.retry ?? (code !== 1000 && code !== 1005);
    if (isOver || endpoint.reconnect === undefined || (!comesBack && faults.returns !== true)) {
      scene.state("disconnected", { code });
      return;
    }
    scene.state("reconnecting", { attempt: 1, code });
    const ms = (faults.delayMs ?? endpoint.reconnect.initialDelayMs) * scene.timeScale;
    timer = scene.clock.setTimeout(connect, ms);
  }

  function hear(text: string): void {
    faults.heard?.(text, socket);
    const result = judge.events.judge(text);
    if (!result.ok) {
      for (const payload of faults.deliverInvalid?.(text, result.error.code) ?? []) scene.event(payload);
      const code = faults.report === undefined ? result.error.code : faults.report(result.error.code);
      if (code !== undefined) scene.error(code);
      return;
    }
    // What the oracle has parsed is JSON.
    const payload = result.value as Json;
    const [name = ""] = result.messages;
    const refusal = judge.refusalOf(result.messages, payload);
    if (refusal === undefined) {
      if (walks.verdict(name, payload) === "illegal") {
        if (faults.tellsIllegal !== false) scene.error("illegal-state");
      } else walks.passed(name, payload);
    }
    const right = open.find((one) =>
      refusal === undefined ? isReply(one, name, payload) : sameId(one, name, payload),
    );
    const settled = faults.settle === undefined ? right : faults.settle(right, open);
    if (settled !== undefined) {
      if (refusal === undefined) settled.resolve(payload);
      else settled.reject(String(refusal.code));
    }
    for (const one of faults.deliver?.(payload) ?? [payload]) scene.event(one);
  }

  function isReply(one: Waiting, name: string, payload: Json): boolean {
    return repliesOf(one.name).includes(name) && sameId(one, name, payload);
  }

  function repliesOf(command: string): readonly string[] {
    return endpoint.operations.flatMap(({ messages, reply }) =>
      messages.includes(command) ? (reply?.messages ?? []) : [],
    );
  }

  function sameId(one: Waiting, name: string, payload: Json): boolean {
    const from = endpoint.commands.find((message) => message.name === one.name)?.correlation;
    const to = endpoint.events.find((message) => message.name === name)?.correlation;
    if (from === undefined || to === undefined) return true;
    return sameJson(valueAt(one.payload, from), valueAt(payload, to));
  }

  async function send(name: string, payload: Json): Promise<Json | undefined> {
    if (socket.readyState !== socket.OPEN) throw failure("offline");
    if (walks.verdict(name, payload) === "illegal") throw failure("illegal-state");
    walks.passed(name, payload);
    const text = judge.frameOf(name, payload);
    if (repliesOf(name).length === 0) {
      socket.send(text);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const { patience = 1 } = faults;
      const ms = endpoint.protocol.answerMs * scene.timeScale * patience;
      const end = Number.isFinite(ms)
        ? scene.clock.setTimeout(() => one.reject("timeout"), Math.max(1000 * patience, ms))
        : undefined;
      const over = (): void => {
        scene.clock.clearTimeout(end);
        open = open.filter((other) => other !== one);
      };
      const one: Waiting = {
        name,
        payload,
        resolve(reply) {
          over();
          resolve(reply);
        },
        reject(code) {
          over();
          reject(failure(code));
        },
      };
      open.push(one);
      socket.send(text);
    });
  }

  connect();
  return {
    commands: Object.fromEntries(
      endpoint.commands.map(({ name }) => [name, (payload: Json) => send(name, payload)]),
    ),
    close() {
      isOver = true;
      scene.clock.clearTimeout(timer);
      if (socket.readyState === socket.CONNECTING) socket.terminate();
      else socket.close(1000);
    },
  };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
