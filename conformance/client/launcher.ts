/** How clients under test come to life: one implementation for each launch mode. A case launches through it and ends what it launched. */
import type { Contract, Endpoint } from "../../src/contract/contract.js";
import type { Clock } from "../time.js";
import type { LaunchedClient, LaunchMode } from "./check.js";

/**
 * What a driver can beside the least. `replies`: it tells the reply that came to a command, not only that it was sent.
 * `one-client`: its client cannot live twice in one process, so each gets a process of its own.
 */
export type Capability = "replies" | "one-client";

/** What a launcher is told of the client that it is to start. */
export interface LaunchOptions {
  /** Where the client is to connect: scheme, host, port, path and query. */
  readonly url: string;
  /** Names the client in logs, and to the client itself; unique in the run. */
  readonly caseId: string;
  /** For whatever the client itself draws by chance. */
  readonly seed: number;
  /** What the client is asked to multiply every declared duration by, `Retry-After` excepted. */
  readonly timeScale: number;
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  /** PEM: a certificate that the client is to trust, where the launch mode can tell it so. */
  readonly ca?: string;
  /** The Origin that the client is to name, where its platform lets it. */
  readonly origin?: string;
  /** The case's clock: {@link ClientReport.atMs} is read from it. */
  readonly clock: Clock;
  /** Writes a line about the client (a report, an exit) into the case's transcript. */
  readonly note: (text: string) => void;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
}

/** A client with the handle that only its case uses. */
export interface RunningClient extends LaunchedClient {
  /** Ends it and all that it started; resolves once it is gone, with false when it would not go. Never rejects. */
  stop(): Promise<boolean>;
  /** Resolves once `gone` is set, or once it has been stopped: whoever waits for its connections looks again. */
  readonly ended: Promise<void>;
  /** Why nothing that went wrong may be charged to it: it died because of another client of the same process. */
  readonly excuse: string | undefined;
}

/** Starts clients in one launch mode. Whoever opens it stops it. */
export interface Launcher {
  readonly mode: LaunchMode;
  /** The clients tell what they deliver. */
  readonly reports: boolean;
  /** How many clients can live at once; `start` of a further one waits for a place. */
  readonly atOnce: number;
  /** What they can beside the least, as a driver's hello says it (`schemas/driver.json`). */
  readonly capabilities: readonly Capability[];
  /** What was wrong with a driver or page, oldest first: harness faults, which no row of the client may be charged with. */
  readonly faults: readonly string[];
  /**
   * Starts one client towards `url`, or (`attach`) waits for one that somebody else starts. It resolves as soon as the
   * client has been told the URL: whether it connects is seen at the port. Rejects with UsageError when there is no such
   * program or the driver is at fault, with SubjectGone when it ended before it could be told, with RunAborted when the
   * run is over.
   */
  start(options: LaunchOptions): Promise<RunningClient>;
  /** Ends whatever lives on, the long-lived process of a driver or browser included. */
  stop(): Promise<void>;
}
