/**
 * Launch mode `adapter`: a client in this process, steered by calls. The vocabulary is that of drivers; what it takes its
 * time, its sockets and its chance from is given to it.
 */
import type { Json } from "../../../src/contract/contract.js";
import { SubjectGone } from "../../interruption.js";
import { seededRandom } from "../../random.js";
import { within } from "../../time.js";
import { UsageError } from "../../usage-error.js";
import type { ClientState } from "../check.js";
import type { Launcher, LaunchOptions, RunningClient } from "../launcher.js";
import { type CrashWatch, watchCrashes } from "./crashes.js";
import { createCrowd, PROCESSES_AT_ONCE } from "./crowd.js";
import { createFastClock, type FastClock } from "./fast-clock.js";
import { createReportLog, type Telling } from "./report-log.js";

/** Any constructor of WebSockets: the platform's, or that of `ws`. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => object;

/** What an adapter makes its client of, and how it tells what the client does. */
export interface AdapterScene {
  readonly url: string;
  /** Name of the channel, and those of its commands. */
  readonly channel: string;
  readonly commands: readonly string[];
  /** Names the client in logs. */
  readonly caseId: string;
  readonly seed: number;
  /** What the client is asked to multiply its durations by; 1 where its clock runs faster instead. */
  readonly timeScale: number;
  /** The Origin that it is to name, where it can. */
  readonly origin: string | undefined;
  /** A certificate (PEM) that it is to trust, where it can be told so. */
  readonly ca: string | undefined;
  /** Its time: the client sets all its timers here, and asks here how late it is. */
  readonly clock: FastClock;
  readonly WebSocket: WebSocketConstructor;
  /** Uniform in [0, 1), by the seed. */
  random(): number;
  state(
    state: ClientState,
    more?: { readonly attempt?: number; readonly code?: number; readonly reason?: string },
  ): void;
  /** An event that the client gave its application as valid: the whole payload. */
  event(payload: Json, name?: string): void;
  error(code: string, message?: string): void;
}

/** A client, as an adapter gives it. */
export interface AdaptedClient {
  /**
   * What it can be asked to send, by the name of the command; what is not here is unsupported. Resolves with what the
   * server replied, or with nothing once it is sent; rejects where it fails (`code` of the error is reported).
   */
  readonly commands: Readonly<Record<string, (payload: Json) => Promise<Json | undefined>>>;
  /** Closes the connection on purpose, for good. */
  close(): void;
  /** Ends all that `close` leaves. */
  stop?(): void | Promise<void>;
}

/** Makes a client and lets it connect. */
export type ClientAdapter = (scene: AdapterScene) => AdaptedClient | Promise<AdaptedClient>;

/** What {@link openAdapter} needs. */
export interface AdapterOptions {
  readonly adapter: ClientAdapter;
  /** Default: the platform's, which Node 20 does not have. */
  readonly WebSocket?: WebSocketConstructor;
  /** How much faster than the wall's its clock runs; default 1. */
  readonly speed?: number;
  /** True where its commands resolve with what the server replied. */
  readonly replies?: boolean;
  /** How many may live at once; default 32. */
  readonly atOnce?: number;
}

/** How long a client may take until it is made, until it says that it is closed, and until it has ended (milliseconds). */
const TIMES = { startMs: 30_000, closeMs: 1000, stopMs: 2000 } as const;

/** How many reports are kept of one client. */
const MOST_REPORTS = 200_000;

/** Runs clients in this process. Throws {@link UsageError} where there is no WebSocket for them. */
export function openAdapter(options: AdapterOptions): Launcher {
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  if (WebSocket === undefined) {
    throw new UsageError(
      'This Node has no WebSocket of its own. Give the adapter one: import { WebSocket } from "ws", and pass it beside the adapter.',
    );
  }
  const crowd = createCrowd(options.atOnce ?? PROCESSES_AT_ONCE);
  const watch = watchCrashes();
  return {
    mode: "adapter",
    reports: true,
    atOnce: crowd.most,
    capabilities: options.replies === true ? ["replies"] : [],
    faults: [],
    start: (launch) => crowd.admit(launch.signal, () => startOne({ ...options, WebSocket }, launch, watch)),
    async stop() {
      await crowd.stop();
      watch.stop();
    },
  };
}

async function startOne(
  options: AdapterOptions & { readonly WebSocket: WebSocketConstructor },
  launch: LaunchOptions,
  watch: CrashWatch,
): Promise<RunningClient> {
  const clock = createFastClock(options.speed ?? 1);
  const draws = seededRandom(launch.seed);
  let gone: string | undefined;
  let sent = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const log = createReportLog({
    signal: launch.signal,
    clock: launch.clock,
    fault: () => undefined,
    isOver: () => gone !== undefined,
  });
  const tell = (report: Telling): void => {
    if (log.told.length >= MOST_REPORTS)
      throw new RangeError(`More than ${MOST_REPORTS} reports of one client.`);
    log.tell(report);
  };
  const crashed = (error: unknown): void => {
    if (gone !== undefined) return;
    gone = `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    launch.note(`the client ${gone}`);
    clock.stop();
    log.changed();
    end();
  };
  const inside = <T>(action: () => T): T => watch.run(crashed, action);

  const scene: AdapterScene = {
    url: launch.url,
    channel: launch.endpoint.name,
    commands: launch.endpoint.commands.map(({ name }) => name),
    caseId: launch.caseId,
    seed: launch.seed,
    timeScale: launch.timeScale,
    origin: launch.origin,
    ca: launch.ca,
    clock,
    WebSocket: options.WebSocket,
    random: () => draws.uint32() / 2 ** 32,
    state: (state, more = {}) => tell({ kind: "state", state, ...more }),
    event: (payload, name) =>
      tell({ kind: "event", payload: copy(payload), ...(name === undefined ? {} : { name }) }),
    error: (code, message) => tell({ kind: "error", code, ...(message === undefined ? {} : { message }) }),
  };
  const client = await make(() => inside(async () => options.adapter(scene)), clock);

  return {
    reports: true,
    told: log.told,
    next: log.next,
    ended,
    get gone() {
      return gone;
    },
    excuse: undefined,
    process: undefined,
    send(op, payload) {
      if (gone !== undefined) throw new SubjectGone(`The client is gone: it ${gone}.`);
      sent += 1;
      const of = sent;
      const command = Object.hasOwn(client.commands, op) ? client.commands[op] : undefined;
      if (command === undefined) tell({ kind: "unsupported", of });
      else {
        void inside(async () => command(payload)).then(
          (reply) =>
            tell({ kind: "reply", of, ok: true, ...(reply === undefined ? {} : { payload: copy(reply) }) }),
          (error: unknown) => tell({ kind: "reply", of, ok: false, ...failure(error) }),
        );
      }
      return of;
    },
    close() {
      if (gone !== undefined) throw new SubjectGone(`The client is gone: it ${gone}.`);
      void inside(async () => client.close()).catch(crashed);
    },
    async stop() {
      const over = inside(async () => {
        client.close();
        await log.closed(TIMES.closeMs);
        await client.stop?.();
        return true;
      });
      const ending = over.catch((error: unknown) => {
        launch.note(`the client would not end: ${failure(error).message}`);
        return false;
      });
      const left = await within(ending, TIMES.stopMs);
      clock.stop();
      end();
      return left === true || gone !== undefined;
    },
  };
}

/** The client, or whose fault it is that there is none. */
async function make(adapter: () => Promise<AdaptedClient>, clock: { stop(): void }): Promise<AdaptedClient> {
  try {
    const client = await within(adapter(), TIMES.startMs);
    if (client !== undefined) return client;
    throw new Error(`it gave no client in ${TIMES.startMs / 1000} s`);
  } catch (error) {
    clock.stop();
    throw new UsageError(`The adapter failed: ${failure(error).message}.`);
  }
}

function failure(error: unknown): { readonly code?: string; readonly message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  return { ...code, message: error.message };
}

/** What is told stays what it was, whatever the client does with it afterwards; as JSON, for it came as JSON. */
function copy(payload: Json): Json {
  // A Json that is written and read again is one.
  return JSON.parse(JSON.stringify(payload)) as Json;
}
