/** A server that listens, and how to end it. The reference server and the mock both are one. */
export interface RunningServer {
  /** `ws://host:port`, without a path. */
  readonly url: string;
  readonly port: number;
  readonly endpoints: readonly ServedEndpoint[];
  /**
   * Closes every connection with the code (1012 says that a restart comes, 1001 that the server goes away), waits up
   * to five seconds for the closing handshakes, and destroys what is left. Calling it again waits for the same end.
   */
  close(options?: CloseOptions): Promise<void>;
  stats(): ServerStats;
}

export interface CloseOptions {
  /** 1001 where absent. */
  readonly code?: 1001 | 1012;
}

/** Where an endpoint is served. */
export interface ServedEndpoint {
  readonly name: string;
  readonly transport: "websocket" | "socket.io";
  /** A URL that connects as it is: parameters of the address have values. */
  readonly url: string;
}

/** Figures since the start, except where they say `now`. */
export interface ServerStats {
  /** Open now. */
  readonly connections: number;
  readonly opened: number;
  /** Handshakes that were refused. */
  readonly rejected: number;
  readonly commands: number;
  readonly events: number;
  /** Commands that were refused. */
  readonly refused: number;
  /** Bugs that cost somebody an answer; 0 or there is something to mend. */
  readonly faults: number;
  /** Timers that are armed now: of connections and engines. */
  readonly timers: number;
}
