/**
 * Reads the frames of a peer as RFC 6455 section 5 wants them read, rule by rule: each rule can be switched off.
 * It shares no code with the reader of the kit, which would otherwise be judged by itself.
 */

/** A rule of RFC 6455, or of the contract, about what a peer may send. */
export type RawRule =
  | "unmasked"
  | "masked"
  | "reserved-bits"
  | "reserved-opcode"
  | "control-fragmented"
  | "control-too-long"
  | "length-top-bit"
  | "orphan-continuation"
  | "interrupted-message"
  | "invalid-utf8"
  | "close-one-byte"
  | "close-code"
  | "close-reason-utf8"
  | "binary"
  | "too-large";

/** How a reader differs from one that keeps every rule. */
export interface RawReading {
  /** Whose frames it reads; default the client's, which are masked. */
  readonly from?: "client" | "server";
  /** Rules that are not enforced: what breaks them is taken as far as it can be. */
  readonly tolerates?: readonly RawRule[];
  /** Takes each fragment of a text for UTF-8 of its own. */
  readonly judgesUtf8ByFragment?: boolean;
  /** Fails the connection at a control frame between fragments. */
  readonly refusesControlInsideMessage?: boolean;
  /** Fails the connection at a mask key of zero. */
  readonly refusesZeroMask?: boolean;
  /** Fails the connection at a length that is not written in its shortest form, with this code. */
  readonly refusesLongForm?: number;
  /** Fails the connection at an empty fragment. */
  readonly refusesEmptyFragment?: boolean;
  /** Handles the frames of one TCP chunk from the last to the first. */
  readonly reversesChunk?: boolean;
  /** Reads what comes behind a Close frame. */
  readonly readsBehindClose?: boolean;
  /** Forgets a frame whose bytes do not come in one TCP chunk. */
  readonly forgetsSplitFrames?: boolean;
}

/** One step of the peer, legal or tolerated. */
export type RawInput =
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "ping" | "pong"; readonly payload: Buffer }
  | { readonly kind: "close"; readonly payload: Buffer }
  /** A rule was broken: fail the connection with this code. */
  | { readonly kind: "broken"; readonly rule: RawRule | "choice"; readonly code: number };

interface RawFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly zeroMask: boolean;
  readonly payload: Buffer;
}

/** Opens a reader: takes the bytes of one TCP chunk, gives what they mean, in order. */
export function createRawReader(reading: RawReading, maxBytes: number): (chunk: Buffer) => RawInput[] {
  const tolerated = new Set(reading.tolerates);
  let rest: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let opcodeOfMessage: number | undefined;

  const broken = (rule: RawRule | "choice", code: number): RawInput => ({ kind: "broken", rule, code });

  /** Reads one frame off the front; undefined while it is incomplete. */
  function take(): RawFrame | RawInput | undefined {
    if (rest.length < 2) return undefined;
    const [first = 0, second = 0] = rest;
    const short = second & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    const masked = (second & 0x80) !== 0;
    const at = start + (masked ? 4 : 0);
    if (rest.length < at) return undefined;
    let length = BigInt(short);
    if (short === 126) length = BigInt(rest.readUInt16BE(2));
    if (short === 127) length = rest.readBigUInt64BE(2);
    if (length >> 63n === 1n) {
      if (!tolerated.has("length-top-bit")) return broken("length-top-bit", 1002);
      length &= (1n << 63n) - 1n;
    }
    const minimal = length < 126n ? 2 : length < 65_536n ? 4 : 10;
    if (reading.refusesLongForm !== undefined && start > minimal)
      return broken("choice", reading.refusesLongForm);
    const pending = parts.reduce((sum, part) => sum + part.length, 0);
    if (length + BigInt(pending) > BigInt(maxBytes) && !tolerated.has("too-large"))
      return broken("too-large", 1009);
    const wrong = reading.from === "server" ? "masked" : "unmasked";
    if (masked === (wrong === "masked") && !tolerated.has(wrong)) return broken(wrong, 1002);
    const rsv = (first >> 4) & 7;
    if (rsv !== 0 && !tolerated.has("reserved-bits")) return broken("reserved-bits", 1002);
    const opcode = first & 15;
    const defined = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if (!defined && !tolerated.has("reserved-opcode")) return broken("reserved-opcode", 1002);
    const fin = (first & 0x80) !== 0;
    if (opcode >= 8 && !fin && !tolerated.has("control-fragmented"))
      return broken("control-fragmented", 1002);
    if (opcode >= 8 && length > 125n && !tolerated.has("control-too-long"))
      return broken("control-too-long", 1002);
    if (BigInt(rest.length - at) < length) return undefined;
    const payload = Buffer.from(rest.subarray(at, at + Number(length)));
    const key = rest.subarray(at - 4, at);
    if (masked)
      for (let index = 0; index < payload.length; index++) payload[index] = xor(payload, key, index);
    rest = rest.subarray(at + Number(length));
    return { fin, rsv, opcode, masked, zeroMask: masked && key.every((byte) => byte === 0), payload };
  }

  function join({ fin, opcode, payload }: RawFrame): RawInput | undefined {
    let kind = opcode;
    if (opcode === 0 && opcodeOfMessage === undefined) {
      if (!tolerated.has("orphan-continuation")) return broken("orphan-continuation", 1002);
      kind = 1;
    } else if (opcode === 0) {
      kind = opcodeOfMessage ?? 1;
    } else if (opcodeOfMessage !== undefined) {
      if (!tolerated.has("interrupted-message")) return broken("interrupted-message", 1002);
      parts = [];
    }
    if (reading.refusesEmptyFragment === true && payload.length === 0 && (!fin || opcode === 0))
      return broken("choice", 1002);
    parts.push(payload);
    opcodeOfMessage = fin ? undefined : kind;
    if (kind === 1 && reading.judgesUtf8ByFragment === true && !isUtf8(payload))
      return broken("invalid-utf8", 1007);
    if (!fin) return undefined;
    const whole = Buffer.concat(parts);
    parts = [];
    if (kind === 2 && !tolerated.has("binary")) return broken("binary", 1003);
    if (!isUtf8(whole) && !tolerated.has("invalid-utf8")) return broken("invalid-utf8", 1007);
    return { kind: "message", text: whole.toString("utf8") };
  }

  function read(frame: RawFrame): RawInput | undefined {
    const { opcode, payload } = frame;
    if (frame.zeroMask && reading.refusesZeroMask === true) return broken("choice", 1002);
    if (opcode >= 8 && opcodeOfMessage !== undefined && reading.refusesControlInsideMessage === true)
      return broken("choice", 1002);
    if (opcode <= 2) return join(frame);
    if (opcode === 9) return { kind: "ping", payload };
    if (opcode === 10) return { kind: "pong", payload };
    if (opcode !== 8) return undefined;
    const fault = closeFault(payload);
    return fault === undefined || tolerated.has(fault.rule)
      ? { kind: "close", payload }
      : broken(fault.rule, fault.code);
  }

  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const taken: (RawFrame | RawInput)[] = [];
    for (let one = take(); one !== undefined; one = take()) {
      taken.push(one);
      if ("kind" in one) break;
    }
    if (reading.reversesChunk === true) taken.reverse();
    if (reading.forgetsSplitFrames === true) rest = Buffer.alloc(0);
    const inputs: RawInput[] = [];
    for (const one of taken) {
      const input = "kind" in one ? one : read(one);
      if (input !== undefined) inputs.push(input);
      if (input?.kind === "broken") break;
      if (input?.kind === "close" && reading.readsBehindClose !== true) break;
    }
    return inputs;
  };
}

function closeFault(payload: Buffer): { readonly rule: RawRule; readonly code: number } | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return { rule: "close-one-byte", code: 1002 };
  const code = payload.readUInt16BE(0);
  const legal =
    (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  if (!legal) return { rule: "close-code", code: 1002 };
  return isUtf8(payload.subarray(2)) ? undefined : { rule: "close-reason-utf8", code: 1007 };
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function xor(payload: Buffer, key: Buffer, index: number): number {
  return (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
}
