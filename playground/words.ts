/** The words for what a client is and what went wrong; the contract gives the meaning of its codes. */

import type { ClientStatus } from "../src/client/status.js";
import type { DecodeError, Protocol } from "../src/wire/protocol.js";
import type { Entry } from "./timeline.js";

/** One line about a status, without its state. */
export function explain(status: ClientStatus, protocol: Protocol): string {
  const { state, attempt, maxAttempts, delayMs, code, reason } = status;
  const parts: string[] = [];
  if (state === "reconnecting") {
    const attempts = `attempt ${attempt}${maxAttempts === null ? "" : ` of ${maxAttempts}`}`;
    parts.push(delayMs === undefined ? attempts : `${attempts} in ${seconds(delayMs)}`);
  }
  const meaning = code === undefined ? undefined : meaningOf(code, protocol);
  if (code !== undefined) parts.push(meaning === undefined ? `code ${code}` : `code ${code}: ${meaning}`);
  if (reason !== undefined && reason !== "") parts.push(reason);
  return parts.join(" · ");
}

/** What the contract says of a close code, and RFC 6455 of the one that no Close frame carries. */
function meaningOf(code: number, { closeCodes }: Protocol): string | undefined {
  if (code === 1006) return "gone without a Close";
  const rule = closeCodes[String(code)];
  return rule && `${rule.cause.join(" or ")}, ${rule.retry ? "tried again" : "not tried again"}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`;
}

/** A frame that did not decode, with what to do about it. */
export function decodeErrorEntry(error: DecodeError): Entry {
  const where = error.path === "" ? "" : ` at ${error.path}`;
  return {
    kind: "error",
    name: error.code,
    text: `expected ${error.expected}${where}, got ${error.received}`,
    hint: error.hint,
    value: error,
  };
}
