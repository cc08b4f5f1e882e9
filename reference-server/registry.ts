import type { ConnectionEnd } from "../src/wire/connection.js";
import type { Socket } from "../src/wire/socket.js";
import type { Endpoint, Entry, OpenConnection } from "./endpoint.js";
import type { Log } from "./log.js";
import type { ServerStats } from "./running-server.js";
import type { World } from "./world.js";

/** All connections of a server, from the handshake to the line in the log. */
export interface Registry {
  /** Opens a connection on a socket whose handshake was let in. */
  open(endpoint: Endpoint, entry: Admitted, socket: Socket, remote: string): void;
  /** Accounts for a handshake that was not. */
  rejected(name: string, remote: string, status: number, text: string): void;
  /** Closes all with that cause, waits up to `patienceMs` for their peers, and drops those that are left. */
  closeAll(cause: "restart" | "going-away", patienceMs: number): Promise<void>;
  stats(): Omit<ServerStats, "faults" | "timers">;
}

export type Admitted = Extract<Entry, { ok: true }>;

export interface RegistryOptions {
  readonly world: World;
  readonly maxConnections: number;
  readonly log: Log | undefined;
}

/** How often a shutdown looks whether all are gone (ms). */
const LOOK_MS = 10;
const DROP_MS = 500;

/** Makes an empty registry. */
export function createRegistry({ world, maxConnections, log }: RegistryOptions): Registry {
  const connections = new Set<OpenConnection>();
  const totals = { opened: 0, rejected: 0, commands: 0, events: 0, refused: 0 };

  /** Waits until no connection is left, or for so long. */
  function emptied(ms: number): Promise<void> {
    const since = world.clock.now();
    return new Promise((resolve) => {
      const look = (): void => {
        if (connections.size === 0 || world.clock.now() - since >= ms) resolve();
        else world.clock.after(LOOK_MS, look);
      };
      look();
    });
  }

  return {
    open(endpoint, entry, socket, remote) {
      const { name } = endpoint.protocol;
      let connection: OpenConnection | undefined;
      let over = false;
      const ended = ({ id, code, reason, durationMs, commands, events, refused }: ConnectionEnd): void => {
        over = true;
        if (connection !== undefined) connections.delete(connection);
        totals.commands += commands;
        totals.events += events;
        totals.refused += refused;
        const time = world.timestamp();
        log?.({ time, endpoint: name, id, remote, code, reason, durationMs, commands, events, refused });
      };
      totals.opened++;
      connection = entry.open(socket, ended);
      if (over) return;
      connections.add(connection);
      if (connections.size > maxConnections) connection.close("too-many", "no room for another connection");
    },

    rejected(endpoint, remote, code, reason) {
      totals.rejected++;
      const time = world.timestamp();
      log?.({ time, endpoint, remote, code, reason, durationMs: 0, commands: 0, events: 0, refused: 0 });
    },

    async closeAll(cause, patienceMs) {
      for (const connection of connections) connection.close(cause);
      await emptied(patienceMs);
      for (const connection of connections) connection.drop();
      // A socket that was destroyed says so in a later turn.
      await emptied(DROP_MS);
    },

    stats: () => ({ connections: connections.size, ...totals }),
  };
}
