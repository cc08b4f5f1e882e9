/** Faults that one client's connection brings on others: S-HS-10, S-RC-04. */
import type { Alter, Line } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";
import { OPCODE } from "../proxy-wire.js";

/** Serves nobody else while a request is unfinished. */
function oneRequestAtATime(): Alter {
  const lines = new Set<Line>();
  let blockedBy: Line | undefined;
  const release = (line: Line | undefined): void => {
    if (line === undefined || blockedBy !== line) return;
    blockedBy = undefined;
    for (const other of lines) other.release();
  };
  return () => {
    let own: Line | undefined;
    return {
      request(head, line) {
        own = line;
        lines.add(line);
        release(line);
        // Its answer is not read before the other request is whole.
        if (blockedBy !== undefined) line.hold();
        return head;
      },
      unfinished(line) {
        // Frames may be unfinished: then the request is whole.
        if (own === line && lines.has(line)) return;
        own = line;
        blockedBy ??= line;
        if (blockedBy === line) for (const other of lines) other.hold();
      },
      closed() {
        release(own);
        if (own !== undefined) lines.delete(own);
      },
    };
  };
}

export const robustnessMutants: readonly Mutant[] = [
  altered({
    name: "one-handshake-at-a-time",
    fault: "Serves nobody else while one request is unfinished.",
    channel: "workflow",
    killedBy: "S-HS-10",
    verdict: "warn",
    across: oneRequestAtATime,
  }),
  altered({
    name: "full-after-sixty-resets",
    fault: "Never gives back the place of a connection that ends without a Close, and has sixty to lose.",
    channel: "answer",
    killedBy: "S-RC-04",
    across: () => {
      let lost = 0;
      return () => {
        let said = false;
        return {
          control: ({ opcode }) => {
            said ||= opcode === OPCODE.close;
            return undefined;
          },
          response: (head) =>
            lost >= 60 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n" : head,
          closed: () => {
            if (!said) lost += 1;
          },
        };
      };
    },
  }),
];
