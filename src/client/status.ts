/** What a client is, and what it has done. */

/** The same words everywhere (PROTOCOL.md#nomenclature). */
export type ClientState = "disconnected" | "connecting" | "connected" | "reconnecting" | "failed";

/** What a client is. A new object at each change, the same until then. */
export interface ClientStatus {
  readonly state: ClientState;
  /** Number of the attempt under way or waited for, from 1, counted since the last reset; 0 for the first connect. */
  readonly attempt: number;
  /** `null`: no end. */
  readonly maxAttempts: number | null;
  /** In `reconnecting`: milliseconds from this change to the attempt; absent once the attempt is under way. */
  readonly delayMs?: number;
  /** Close code of the end that led here; 1006 where no Close frame came. */
  readonly code?: number;
  /** Why it is not connected, for people. */
  readonly reason?: string;
}

/** Messages and their bytes in UTF-8. */
export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
}

/** Figures since the client was made, except where they say `now`. */
export interface ClientStats {
  /** Sockets that were opened, or tried to. */
  readonly sockets: number;
  /** Attempts since the last reset of the counter, now. */
  readonly attempts: number;
  /** Milliseconds from the last answered ping of the heartbeat to its pong. */
  readonly rttMs: number | undefined;
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Frames that did not decode, unknown names not counted. */
  readonly decodeErrors: number;
  /** How often each unknown name came; at most 100 names are kept. */
  readonly unknown: { readonly [name: string]: number };
  /** What waits to be sent, now. */
  readonly queue: { readonly messages: number; readonly bytes: number };
  /** Commands whose reply is awaited, now. */
  readonly requests: number;
}
