/** What the cases of one run of clients share: how clients are launched and sent to a case, how their time is shortened, and what they have proved. */
import type { Endpoint } from "../../src/contract/contract.js";
import { createSharedRun, type SharedOptions, type SharedRun } from "../run.js";
import { createSubject } from "../server/subject.js";
import type { ContextRun } from "./case-run.js";
import type { TimeLever } from "./check.js";
import type { Launcher } from "./launcher.js";

/** How many cases live at once at most: each has a process of its own. */
export const MAX_CLIENT_CASES = 32;

/** What {@link createClientRun} needs. */
export interface ClientRunOptions extends SharedOptions {
  readonly launcher: Launcher;
  readonly lever: TimeLever;
  /** What the client is asked to multiply durations by: the kit's own scale, unless something else shortens its time. */
  readonly askedScale: number;
  /** The interval of a heartbeat that the kit says where an event says it (milliseconds of the wall). */
  readonly advertisedMs?: number;
  /** The longest wait for a first or a due connection attempt (milliseconds). */
  readonly launchMs: number;
  /** The port that all cases use, one after another. */
  readonly port?: number;
  /** The name or address by which clients reach it. */
  readonly host?: string;
  /** Values of the address's parameters, and of the query. */
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** One run of clients. */
export interface ClientRun extends SharedRun, ContextRun {
  readonly replay?: SharedRun["replay"] & {};
  readonly record: SharedRun["record"];
  readonly profile: SharedRun["profile"];
  readonly config: SharedRun["config"];
  readonly selectsCase: SharedRun["selectsCase"];
  readonly mask: SharedRun["mask"];
  /** What its clients have proved so far. */
  readonly proved: { readonly connected: boolean; readonly delivered: boolean };
}

/** Opens a run. Throws UsageError where a parameter of the address has no value. */
export function createClientRun(options: ClientRunOptions): ClientRun {
  const { launcher, judge } = options;
  const { endpoint } = judge;
  const most = Math.min(options.maxCases ?? MAX_CLIENT_CASES, launcher.atOnce, MAX_CLIENT_CASES);
  const resource = resourceOf(endpoint, options);
  const proved = { connected: false, delivered: false };
  return {
    ...options,
    // Every port is a case's own: nobody else is at any address.
    ...createSharedRun({ ...options, maxCases: most }, (count) => Array.from({ length: count }, () => ({}))),
    resource,
    proved,
    connected: () => {
      proved.connected = true;
    },
    delivered: () => {
      proved.delivered = true;
    },
  };
}

/** Where a client is sent to: the declared address with its parameters and query, as a server's would be. */
function resourceOf(endpoint: Endpoint, options: ClientRunOptions): ContextRun["resource"] {
  // A client of Socket.IO is given the server alone: it knows the path and the query of its transport.
  if (endpoint.protocol.transport === "socket.io") return () => "/";
  const { parameters, query } = options;
  const subject = createSubject({
    url: "ws://127.0.0.1",
    endpoint,
    ...(parameters === undefined ? {} : { parameters }),
    ...(query === undefined ? {} : { query }),
  });
  return (given) => subject.resource(given);
}
