/** Faults in the heartbeat and in patience: S-HB-01 to S-HB-05. */
import { objectIn } from "../content.js";
import type { Alteration } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";
import { OPCODE, writeFrame } from "../proxy-wire.js";

/** What a client says on Engine.IO to a ping. */
const ENGINE = { ping: "2", pong: "3" } as const;

/** Answers the server's pings in the client's place, and lets the client see each of them that `passes` says. */
function answering(passes: (nth: number) => boolean): Alteration {
  let pings = 0;
  return {
    event: (text, line) => {
      if (text !== ENGINE.ping) return undefined;
      pings += 1;
      if (passes(pings)) return undefined;
      line.toServer(ENGINE.pong);
      return [];
    },
  };
}

/** Keeps a server content with a client that is silent: a ping frame in each `everyMs`. */
function keepingAlive(everyMs: number): Alteration {
  return {
    opened: (line) => {
      const beat = (): void => {
        line.rawToServer(writeFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(0), masked: true }));
        line.later(everyMs, beat);
      };
      beat();
    },
    // The pongs to these pings are not the client's.
    control: ({ from, opcode, payload }) =>
      from === "server" && opcode === OPCODE.pong && payload.length === 0 ? null : undefined,
  };
}

export const heartbeatMutants: readonly Mutant[] = [
  altered({
    name: "no-pong",
    fault: "Never answers a ping of the application.",
    channel: "pipeline",
    killedBy: "S-HB-02",
    alter: () => ({ event: (text) => (objectIn(text)?.["type"] === "pong" ? [] : undefined) }),
  }),
  altered({
    name: "pong-without-token",
    fault: "Answers a ping without its token.",
    channel: "workflow",
    killedBy: "S-HB-02",
    alter: () => ({
      event: (text) =>
        objectIn(text)?.["event"] === "pong" ? [JSON.stringify({ event: "pong" })] : undefined,
    }),
  }),
  altered({
    name: "no-server-ping",
    fault: "Never pings, though it is the one to ping.",
    channel: "conversation",
    killedBy: "S-HB-01",
    alter: () => answering(() => false),
  }),
  altered({
    name: "server-pings-too-slowly",
    fault: "Leaves out every second ping.",
    channel: "conversation",
    killedBy: "S-HB-01",
    alter: () => answering((nth) => nth % 2 === 0),
  }),
  altered({
    name: "silent-client-kept",
    fault: "Keeps a silent client for ever.",
    channel: "workflow",
    killedBy: "S-HB-03",
    verdict: "warn",
    alter: (_, { timeScale }) => keepingAlive(20_000 * timeScale),
  }),
  altered({
    name: "unanswered-ping-forgiven",
    fault: "Never closes a connection whose pongs stay away.",
    channel: "conversation",
    killedBy: "S-HB-03",
    alter: () => ({
      event: (text, line) => {
        if (text === ENGINE.ping) line.toServer(ENGINE.pong);
        return undefined;
      },
    }),
  }),
  altered({
    name: "silence-ends-with-1000",
    fault: "Closes a silent client with 1000.",
    channel: "tasks",
    killedBy: "S-HB-03",
    verdict: "warn",
    alter: () => ({
      control: ({ from, opcode, payload }) =>
        from === "server" && opcode === OPCODE.close && payload.length > 1 && payload.readUInt16BE(0) === 4408
          ? Buffer.from([0x03, 0xe8])
          : undefined,
    }),
  }),
  altered({
    name: "silence-ends-too-soon",
    fault: "Closes a silent client at half of the declared bound.",
    channel: "pipeline",
    killedBy: "S-HB-03",
    alter: (_, { timeScale }) => {
      let last = 0;
      const watch = (line: Parameters<NonNullable<Alteration["opened"]>>[0]): void => {
        last += 1;
        const own = last;
        line.later(37_500 * timeScale, () => {
          if (own === last) line.close(4408, "no sign of life");
        });
      };
      return {
        opened: watch,
        command: (_text, line) => {
          watch(line);
          return undefined;
        },
        control: ({ from }, line) => {
          if (from === "client") watch(line);
          return undefined;
        },
      };
    },
  }),
  altered({
    name: "live-client-cut-at-30-s",
    fault: "Closes each connection after 30 s, however alive its client is.",
    channel: "tasks",
    killedBy: "S-HB-04",
    alter: (_, { timeScale }) => ({
      opened: (line) => line.later(30_000 * timeScale, () => line.close(4408, "no sign of life")),
    }),
  }),
  altered({
    name: "ping-frames-are-no-life",
    fault: "Takes no ping frame for a sign of life, though any frame is one.",
    channel: "pipeline",
    killedBy: "S-HB-05",
    alter: () => ({
      control: ({ from, opcode, payload }, line) => {
        if (from !== "client" || opcode !== OPCODE.ping) return undefined;
        line.rawToClient(writeFrame({ opcode: OPCODE.pong, payload, masked: false }));
        return null;
      },
    }),
  }),
  altered({
    name: "traffic-is-life",
    fault: "Takes any command for the pong that alone is a sign of life.",
    channel: "conversation",
    killedBy: "S-HB-05",
    alter: () => {
      let waits = false;
      return {
        event: (text) => {
          if (text === ENGINE.ping) waits = true;
          return undefined;
        },
        command: (text, line) => {
          if (waits && text !== ENGINE.pong) line.toServer(ENGINE.pong);
          waits = false;
          return undefined;
        },
      };
    },
  }),
];
