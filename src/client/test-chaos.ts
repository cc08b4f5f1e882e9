/** Fault scripts: what a server, a network, a platform and an application may do to a client, as data that shrinks. */

import fc from "fast-check";
import type { ClientSide, MessagesByName } from "../wire/protocol.js";
import { type ClientOptions, createClient, type Send } from "./client.js";
import type { PlatformEvent } from "./options.js";
import { watch } from "./test-model.js";
import { createNetwork, settle, VirtualClock } from "./test-network.js";

/** Frames that scripts draw from. */
export interface Pool {
  /** Events that the contract accepts. */
  readonly valid: readonly string[];
  /** Texts that it does not accept, none of which the client has to close for. */
  readonly bad: readonly string[];
  readonly first: string | undefined;
  /** The pong to a ping with this token. */
  readonly pong: (token: string | undefined) => string;
  readonly commands: readonly unknown[];
}

/** One step. Under `isRushed` the next one comes before anything that was decided has happened. */
export type Step = { readonly isRushed: boolean } & (
  | { readonly do: "wait" | "sleep"; readonly ms: number }
  | { readonly do: "accept" | "first" | "binary" | "connect" | "close" }
  | { readonly do: "end"; readonly code: number; readonly isOld: boolean }
  | { readonly do: "valid" | "bad" | "send"; readonly which: number; readonly isOld: boolean }
  | { readonly do: "pong"; readonly how: "right" | "wrong" | "bare" | "twice" }
  | { readonly do: "wake"; readonly type: string }
);

const CODES = [1000, 1001, 1005, 1006, 1007, 1008, 1011, 1012, 1013, 4400, 4401, 4408, 4429, 4999];
const SPANS = [0, 1, 100, 999, 1_000, 3_000, 5_000, 5_001, 6_000, 10_000, 15_000, 30_000, 48_000];

const rushed = { isRushed: fc.boolean() };
const one = fc.constant.bind(fc);
const ms = fc.oneof(fc.constantFrom(...SPANS), fc.nat({ max: 60_000 }));
const which = fc.nat({ max: 10_000 });
const isOld = fc.oneof({ arbitrary: one(false), weight: 5 }, { arbitrary: one(true), weight: 1 });

/** Scripts of at most so many steps. */
export function faultScript(maxLength: number): fc.Arbitrary<readonly Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: one("wait" as const), ms, ...rushed }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom("accept" as const, "first" as const), ...rushed }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: one("end" as const), code: fc.constantFrom(...CODES), isOld, ...rushed }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom("valid" as const, "bad" as const, "send" as const),
        which,
        isOld,
        ...rushed,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: one("pong" as const),
        how: fc.constantFrom("right", "right", "wrong", "bare", "twice"),
        ...rushed,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: one("sleep" as const), ms, ...rushed }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom("binary" as const, "close" as const), ...rushed }),
    },
    { weight: 2, arbitrary: fc.record({ do: one("connect" as const), ...rushed }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: one("wake" as const),
        type: fc.constantFrom("online", "visibilitychange"),
        ...rushed,
      }),
    },
  );
  return fc.array(step, { maxLength, size: "max" });
}

/** How the client is made: a test of the test makes a faulty one. */
export type Make<In, Out, Names extends MessagesByName> = (
  side: ClientSide<In, Out, Names>,
  options: ClientOptions<Send<Out, Names>>,
) => ReturnType<typeof createClient<In, Out, Names>>;

/** Plays a script against a client, and gives all that it did against the contract. */
export async function play<In, Out, Names extends MessagesByName>(
  side: ClientSide<In, Out, Names>,
  pool: Pool,
  script: readonly Step[],
  random: number,
  make: Make<In, Out, Names> = createClient,
): Promise<readonly string[]> {
  const clock = new VirtualClock();
  // The client's timers are counted by themselves: the model has some of its own.
  const own = new VirtualClock();
  const network = createNetwork(clock);
  const model = watch(side, clock, random);
  const say = (text: string): void => void model.violations.push(`${clock.time} ms: ${text}`);
  const wakers = new Set<(event: PlatformEvent) => void>();
  const client = make(side, {
    url: () => Promise.resolve("ws://server/"),
    WebSocket: network.WebSocket,
    clock: {
      now: () => clock.now(),
      date: () => clock.date(),
      after(delay, action) {
        const release = own.after(0, () => {});
        const cancel = clock.after(delay, () => {
          release();
          action();
        });
        return () => {
          release();
          cancel();
        };
      },
    },
    random: () => random,
    platform: {
      addEventListener: (_type, listener) => void wakers.add(listener),
      removeEventListener: (_type, listener) => void wakers.delete(listener),
    },
  });

  let pings: (string | undefined)[] = [];
  network.onSocket = (socket) => {
    pings = [];
    model.socket(socket);
  };
  network.onSend = (text, socket) => {
    const command = side.nameOf(JSON.parse(text));
    const pointer = side.correlation[command]?.split("/").slice(1) ?? [];
    const token =
      pointer.length === 0 ? undefined : pointer.reduce((value, key) => value?.[key], JSON.parse(text));
    if (command === side.heartbeat?.ping) pings.push(token);
    model.sent(socket, command, token);
  };
  client.onStatus((status) => model.status(status));
  const delivered: unknown[] = [];
  const expected: string[] = [];
  client.onAny((event) => delivered.push(event));
  client.onError(() => {});
  // One that throws, before and after those that watch: it must not matter to them.
  client.onAny(() => {
    throw new Error("a handler's own fault");
  });
  let unsettled = 0;

  const give = (text: string, isValid: boolean, isFromOld = false): void => {
    const socket = isFromOld ? network.sockets.at(-2) : network.sockets.at(-1);
    if (isValid && socket?.readyState === 1) expected.push(text);
    socket?.give(text);
  };

  for (const step of script) {
    const socket = network.sockets.at(-1);
    if (step.do === "wait") await clock.advance(step.ms);
    else if (step.do === "sleep") {
      clock.time += step.ms;
      model.slept();
    } else if (step.do === "connect") {
      model.connecting();
      void client.connect();
    } else if (step.do === "close") {
      model.closing();
      client.close();
      if (own.timers.size > 0) say("a timer after close");
    } else if (step.do === "wake") {
      model.wake(step.type);
      for (const waker of [...wakers]) waker({ type: step.type });
    } else if (step.do === "send") {
      unsettled++;
      const command = pool.commands[step.which % pool.commands.length] as Out;
      client.send(command).then(
        () => unsettled--,
        () => unsettled--,
      );
    } else if (socket !== undefined) {
      if (step.do === "accept") {
        if (socket.readyState === 0) model.accepted(socket);
        socket.accept();
      } else if (step.do === "end") {
        const ended = step.isOld ? network.sockets.at(-2) : socket;
        if (ended !== undefined) model.ending(ended, step.code);
        ended?.end(step.code);
      } else if (step.do === "first" && pool.first !== undefined) {
        if (socket.readyState === 1) model.first();
        give(pool.first, true);
      } else if (step.do === "valid")
        give(pool.valid[step.which % pool.valid.length] ?? "", true, step.isOld);
      else if (step.do === "bad") give(pool.bad[step.which % pool.bad.length] ?? "", false, step.isOld);
      else if (step.do === "binary" && socket.readyState === 1) {
        model.fault();
        socket.give(new ArrayBuffer(8));
      } else if (step.do === "pong") {
        const token = step.how === "wrong" ? "not yours" : step.how === "bare" ? undefined : pings.shift();
        for (let i = 0; i < (step.how === "twice" ? 2 : 1); i++) {
          if (socket.readyState === 1) model.ponged(token);
          give(pool.pong(token), true);
        }
      }
    }
    if (!step.isRushed) {
      await clock.advance(0);
      model.settled();
    }
  }
  await clock.advance(0);
  model.closing();
  client.close();
  if (own.timers.size > 0) say("a timer after close");
  const { length } = network.sockets;
  await clock.advance(1_000_000);
  if (network.sockets.length > length) say("a socket after close");
  if (network.mostLive > 1) say(`${network.mostLive} sockets at once`);
  if (unsettled > 0) say(`${unsettled} commands whose end was never told`);
  if (wakers.size > 0) say("it still listens to the platform");
  const got = JSON.stringify(delivered);
  if (got !== JSON.stringify(expected.map((text) => JSON.parse(text))))
    say(`delivered ${got}, not what was valid: ${expected}`);
  await settle();
  return model.violations;
}
