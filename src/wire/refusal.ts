import type { DecodeError } from "./protocol.js";

/** Why a command was not taken: a stable code and a text for people, without stack trace, path or secret. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
}

/** The refusal of a frame that did not decode: expected, got, where and what to do, in one sentence each. */
export function refusalOf(error: DecodeError): Refusal {
  const where = error.path === "" ? "" : ` at ${error.path}`;
  const hint = error.hint === "" ? "" : ` ${error.hint}`;
  return { code: error.code, text: `Expected ${error.expected}${where}, got ${error.received}.${hint}` };
}
