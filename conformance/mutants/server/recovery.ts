/** Faults that show when connections come, go, or are slow: S-HB-06, S-RC, S-RB. */
import { connect, createServer, type Socket } from "node:net";
import { startServer } from "../../../reference-server/server.js";
import { type Line, startFrameProxy } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";

/** A text that is longer is one of a flood (characters). */
const FLOOD_TEXT = 1000;

/** The reference server, which ends its connections otherwise when it is told to end. */
function endingBy(name: string, fault: string, end: (line: Line) => void): Mutant {
  return {
    name,
    fault,
    channel: "workflow",
    killedBy: "S-RC-05",
    async start(options) {
      const server = await startServer({ port: 0, channels: ["workflow"], ...options });
      const lines = new Set<Line>();
      const proxy = await startFrameProxy(server.port, () => {
        let own: Line | undefined;
        return {
          opened: (line) => {
            own = line;
            lines.add(line);
          },
          closed: () => {
            if (own !== undefined) lines.delete(own);
          },
        };
      });
      // The kit needs no process of its own to end one: what it asks of it is answered here.
      const subject = {
        pid: process.pid,
        exit: undefined,
        stderr: () => [],
        output: () => [],
        onDeath: () => () => undefined,
        terminate: async () => {
          for (const line of [...lines]) end(line);
          return true;
        },
        restart: async () => undefined,
        stop: async () => undefined,
      };
      return {
        url: `ws://127.0.0.1:${proxy.port}`,
        options: { subject },
        async close() {
          await proxy.close();
          await server.close();
        },
      };
    },
  };
}

/** A slow client's single bytes stop what the others are told for so long (milliseconds). */
const STALL_MS = 4000;

/** The reference server behind a proxy of bytes that serves nobody else while one client sends byte by byte. */
const oneSlowWriterStallsAll: Mutant = {
  name: "one-slow-writer-stalls-all",
  fault: "Waits for the rest of one client's frame, and serves nobody else meanwhile.",
  channel: "answer",
  killedBy: "S-RB-02",
  async start(options) {
    const server = await startServer({ port: 0, channels: ["answer"], ...options });
    const lines = new Map<Socket, Socket>();
    const proxy = createServer((client) => {
      const upstream = connect({ host: "127.0.0.1", port: server.port });
      lines.set(client, upstream);
      let timer: NodeJS.Timeout | undefined;
      client.on("data", (bytes) => {
        upstream.write(bytes);
        if (bytes.length > 1) return;
        clearTimeout(timer);
        for (const [other, above] of lines) if (other !== client) above.pause();
        timer = setTimeout(() => {
          for (const above of lines.values()) above.resume();
        }, STALL_MS);
      });
      upstream.on("data", (bytes) => client.write(bytes));
      for (const socket of [client, upstream]) {
        socket.on("error", () => undefined);
        socket.once("close", () => {
          lines.delete(client);
          client.destroy();
          upstream.destroy();
        });
      }
      client.once("close", () => clearTimeout(timer));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const address = proxy.address();
    if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
    return {
      url: `ws://127.0.0.1:${address.port}`,
      async close() {
        for (const client of lines.keys()) client.destroy();
        await new Promise((resolve) => proxy.close(resolve));
        await server.close();
      },
    };
  },
};

export const recoveryMutants: readonly Mutant[] = [
  altered({
    name: "reset-spoils-the-next-session",
    fault: "Keeps what belonged to a connection that was reset, and trips over it with the next one.",
    channel: "tasks",
    killedBy: "S-RC-01",
    across: () => {
      let spoilt = false;
      return () => {
        let said = false;
        return {
          control: ({ opcode }) => {
            said ||= opcode === 8;
            return undefined;
          },
          opened: (line) => {
            if (!spoilt) return;
            spoilt = false;
            // This one ends in order: it spoils no other.
            said = true;
            line.close(1011);
          },
          closed: () => {
            spoilt ||= !said;
          },
        };
      };
    },
  }),
  altered({
    name: "one-reset-ends-all",
    fault: "Ends every connection when one of them errs.",
    channel: "pipeline",
    killedBy: "S-RB-01",
    alter: ({ others }) => {
      let said = false;
      return {
        control: ({ opcode }) => {
          said ||= opcode === 8;
          return undefined;
        },
        closed: () => {
          if (!said) for (const other of others()) other.reset();
        },
      };
    },
  }),
  oneSlowWriterStallsAll,
  altered({
    name: "one-slow-reader-stalls-all",
    fault: "Writes to nobody while one client does not read.",
    channel: "workflow",
    killedBy: "S-HB-06",
    alter: ({ others }) => {
      let holding = false;
      return {
        event: (text, line) => {
          if (!holding && text.length > FLOOD_TEXT && line.waiting() > 0) {
            holding = true;
            for (const other of others()) other.hold();
          }
          return undefined;
        },
        closed: () => {
          if (holding) for (const other of others()) other.release();
        },
      };
    },
  }),
  altered({
    name: "frames-dropped-for-a-slow-consumer",
    fault: "Drops what a slow client does not take in time.",
    channel: "workflow",
    killedBy: "S-HB-06",
    alter: () => ({
      event: (text, line) => (text.length > FLOOD_TEXT && line.waiting() > 0 ? [] : undefined),
    }),
  }),
  altered({
    name: "empty-close-for-a-slow-consumer",
    fault: "Closes a slow client without a code.",
    channel: "workflow",
    killedBy: "S-HB-06",
    alter: () => {
      let closed = false;
      return {
        event: (text, line) => {
          if (closed) return [];
          if (text.length <= FLOOD_TEXT || line.waiting() === 0) return undefined;
          closed = true;
          line.close();
          return [];
        },
      };
    },
  }),
  altered({
    name: "listener-leaked-at-each-reconnect",
    fault: "Is slower with each connection that came before.",
    channel: "workflow",
    killedBy: "S-RC-04",
    alter: ({ nth }) => ({ lateMs: nth * 0.3 }),
  }),
  endingBy("shutdown-with-1000", "Says 1000 to its clients when it is told to end.", (line) =>
    line.close(1000),
  ),
  endingBy("shutdown-by-reset", "Resets its connections when it is told to end.", (line) => line.reset()),
];
