import type { DecodeErrorCode } from "../wire/protocol.js";

/** The codes of frames that are no message of the channel (PROTOCOL.md#decode-errors): those about bytes come first. */
export const DECODE_ERROR_CODES: readonly DecodeErrorCode[] = [
  "not-text",
  "too-large",
  "too-deep",
  "not-json",
  "not-object",
  "missing-discriminator",
  "wrong-discriminator",
  "unknown-message",
  "invalid-payload",
];
