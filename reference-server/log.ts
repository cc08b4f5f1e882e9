/** The one line that a connection leaves behind when it ends. It holds no query string, header or payload. */
export interface LogEntry {
  /** RFC 3339. */
  readonly time: string;
  readonly endpoint: string;
  /** The connection; absent when the handshake was refused. */
  readonly id?: string;
  readonly remote: string;
  /** The close code, or the HTTP status of a refused handshake. */
  readonly code: number;
  readonly reason: string;
  readonly durationMs: number;
  readonly commands: number;
  readonly events: number;
  readonly refused: number;
}

/** Takes what is to be logged; where it goes is the caller's affair. */
export type Log = (entry: LogEntry) => void;

/** Writes an entry as one line without its end: as JSON, or aligned for a person. */
export function formatLogEntry(entry: LogEntry, format: "json" | "pretty"): string {
  if (format === "json") return JSON.stringify(entry);
  const { time, endpoint, id, remote, code, reason, durationMs, commands, events, refused } = entry;
  const who = (id ?? "-").slice(0, 8);
  const counts = `↑${commands} ↓${events}${refused > 0 ? ` refused ${refused}` : ""}`;
  // A reason comes from the peer: it must not break or colour the line.
  const why = reason === "" ? "" : ` ${JSON.stringify(reason)}`;
  return `${time.slice(11, 23)} ${endpoint.padEnd(12)} ${who.padEnd(8)} ${remote} ${code}${why} ${Math.round(durationMs)} ms ${counts}`;
}
