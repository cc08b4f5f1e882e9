/**
 * Keeps secrets out of everything that leaves a run: their values become `‹secret:name›`, in whatever form they turn up
 * (as they are, in a URL, in JSON, in base64, in hexadecimal, inside a masked frame, cut off at an ellipsis).
 */
import { createFrameReader } from "../frames/decode.js";
import { applyMask } from "../frames/encode.js";
import type { TranscriptEntry } from "../transcript.js";
import type { Outcome, Report } from "./report.js";

/** A shorter value is masked only beside its name: every "1" of a report would be lost for a `v=1`. */
const PLAIN_LENGTH = 6;

/** A word or a number is no secret by itself (`transport=websocket`): it is masked only beside its name. */
const ORDINARY = /^(?:[a-z]{1,14}|[\d.]{1,12})$/i;

/** A piece of a secret beside an ellipsis that is masked all the same (characters). */
const PIECE_LENGTH = 4;

/** Headers whose values are secret whoever sent them. */
const SECRET_HEADERS = /^((?:proxy-)?authorization|cookie|set-cookie)(:[ \t]*)(?!‹secret:)([^\r\n]+)/gim;

/** Names of parameters and fields that hold a credential in every API that has them. */
export const SECRET_NAME =
  /(?:^|[-_.])(?:access|auth|bearer|refresh|id|session|api|csrf|xsrf)?[-_]?(?:tokens?|secret|passwords?|passwd|pwd|api-?_?keys?|authorization|credentials?|signature|sig|jwt|cookie)$/i;

/** Replaces the values of secrets; knows nothing of what it is applied to. */
export interface Mask {
  /** One more secret: from now on its value is replaced. */
  add(name: string, value: string): void;
  text(text: string): string;
  /** Every string of a JSON value. */
  value<T>(value: T): T;
  /** An entry of a transcript, with the bytes of its frames. */
  entry(entry: TranscriptEntry): TranscriptEntry;
}

interface Secret {
  readonly name: string;
  readonly shown: string;
  readonly value: string;
  /** How the value may look in a text, longest first. */
  readonly forms: readonly string[];
}

/** Opens a mask for these secrets, by name. A value may hold several: a scheme and a token, the pairs of a cookie. */
export function createMask(secrets: Readonly<Record<string, string>> = {}): Mask {
  const known = new Map<string, Secret>();
  let forms: { readonly form: string; readonly shown: string }[] = [];
  let beside: { readonly pattern: RegExp; readonly shown: string }[] = [];

  const mask: Mask = {
    add(name, value) {
      for (const part of partsOf(value)) {
        if (known.has(part)) continue;
        const shown = `‹secret:${name}›`;
        const ordinary = ORDINARY.test(part) && !SECRET_NAME.test(name);
        if (part.length < PLAIN_LENGTH || ordinary) {
          if (part !== "") beside = [...beside, { pattern: besideName(name, part), shown }];
          continue;
        }
        known.set(part, { name, shown, value: part, forms: formsOf(part) });
        // A value that holds another one must go first.
        forms = [...known.values()]
          .flatMap((secret) => secret.forms.map((form) => ({ form, shown: secret.shown })))
          .sort((a, b) => b.form.length - a.form.length);
      }
    },
    text(text) {
      let masked = text;
      for (const { form, shown } of forms) {
        if (masked.includes(form)) masked = masked.replaceAll(form, shown);
      }
      for (const { pattern, shown } of beside) masked = masked.replace(pattern, `$1${shown}`);
      return masked.includes("…") ? withoutPieces(masked, [...known.values()]) : masked;
    },
    value<T>(value: T): T {
      // Strings become strings and everything else stays what it is: the shape is kept.
      return deep(value, mask.text) as T;
    },
    entry(entry) {
      const text = contentText(entry, entry.text);
      const { bytes, packed, fault, ...rest } = entry;
      const clean = bytes === undefined || bytesAreClean(entry, bytes);
      return {
        ...rest,
        text,
        ...(bytes === undefined ? {} : { bytes: clean ? bytes : maskedBytes(entry, bytes) }),
        ...(packed === undefined || !clean || text !== entry.text ? {} : { packed }),
        ...(fault === undefined ? {} : { fault: mask.text(fault) }),
      };
    },
  };

  /** True when no frame of these bytes, unmasked, holds a secret. */
  function bytesAreClean(entry: TranscriptEntry, bytes: string): boolean {
    if (known.size === 0 && entry.kind !== "handshake") return true;
    const content = contentOf(entry, bytes);
    return contentText(entry, content) === content;
  }

  /** In the head of a handshake some headers are secret whether their values are known or not. */
  function contentText(entry: TranscriptEntry, text: string): string {
    const masked = mask.text(text);
    if (entry.kind !== "handshake") return masked;
    return masked.replace(
      SECRET_HEADERS,
      (_, name: string, colon: string) => `${name}${colon}‹secret:${name.toLowerCase()}›`,
    );
  }

  function maskedBytes(entry: TranscriptEntry, bytes: string): string {
    if (entry.kind === "handshake") {
      const masked = contentText(entry, Buffer.from(bytes.replace("…", ""), "hex").toString("utf8"));
      return Buffer.from(masked).toString("hex");
    }
    return starred(bytes, [...known.values()]);
  }

  for (const [name, value] of Object.entries(secrets)) mask.add(name, value);
  return mask;
}

/** An outcome without secrets. */
export function maskOutcome(mask: Mask, outcome: Outcome): Outcome {
  const { expected, got, mend, counterexample, replay, notes } = outcome;
  return {
    ...outcome,
    reason: mask.text(outcome.reason),
    ...(expected === undefined ? {} : { expected: mask.text(expected) }),
    ...(got === undefined ? {} : { got: mask.text(got) }),
    ...(mend === undefined ? {} : { mend: mask.text(mend) }),
    ...(counterexample === undefined ? {} : { counterexample: mask.value(counterexample) }),
    ...(replay === undefined ? {} : { replay: withoutSecrets(mask, replay) }),
    ...(notes === undefined ? {} : { notes: mask.value(notes) }),
    transcript: outcome.transcript.map(mask.entry),
  };
}

/** Moves that hold a secret are left out: with anything else in its place they are not those moves. */
function withoutSecrets(mask: Mask, replay: NonNullable<Outcome["replay"]>): NonNullable<Outcome["replay"]> {
  const { moves, ...rest } = replay;
  const masked = { ...rest, command: mask.text(rest.command) };
  if (moves === undefined || JSON.stringify(mask.value(moves)) !== JSON.stringify(moves)) return masked;
  return { ...masked, moves };
}

/** A report without secrets: all but what names its document, its channel and its checks, which a replay goes by. */
export function maskReport(mask: Mask, report: Report): Report {
  const { run, setup, subject } = report;
  return {
    ...report,
    subject: mask.value(subject),
    run: { ...run, ...(run.retries === undefined ? {} : { retries: mask.value(run.retries) }) },
    ...(setup === undefined
      ? {}
      : {
          setup: { ...mask.value(setup), ...(setup.channel === undefined ? {} : { channel: setup.channel }) },
        }),
    outcomes: report.outcomes.map((outcome) => maskOutcome(mask, outcome)),
    observations: mask.value(report.observations),
    harnessFaults: mask.value(report.harnessFaults),
    conclusion: mask.text(report.conclusion),
  };
}

/** The value, and what it is made of: the token after a scheme, user and password of Basic, the values of a cookie. */
function partsOf(value: string): string[] {
  const parts = [value];
  const token = /^[A-Za-z][\w-]*\s+(\S.*)$/.exec(value)?.[1];
  if (token !== undefined) parts.push(token);
  if (token !== undefined && /^basic\s/i.test(value)) {
    const [, ...password] = Buffer.from(token, "base64").toString("utf8").split(":");
    if (password.length > 0) parts.push(password.join(":"));
  }
  if (/^[^\s=;]+=[^;]*(?:;|$)/.test(value)) {
    for (const pair of value.split(";")) {
      const at = pair.indexOf("=");
      const held = pair.slice(at + 1).trim();
      if (at > 0 && held.length >= PLAIN_LENGTH) parts.push(held);
    }
  }
  return parts;
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const percent = percentEncoded(value);
  const forms = new Set([
    value,
    percent,
    percent.replaceAll("%20", "+"),
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64Forms(bytes),
  ]);
  return [...forms].sort((a, b) => b.length - a.length);
}

function percentEncoded(value: string): string {
  // A lone surrogate cannot be encoded: such a value never stood in a URL.
  return /[\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ""))
    ? value
    : encodeURIComponent(value);
}

/** Base64 of some bytes at each of the three places where they may begin, without the signs that others share. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const before = Buffer.alloc(shift);
    const encoded = Buffer.concat([before, bytes]).toString("base64").replaceAll("=", "");
    const first = Math.ceil((shift * 8) / 6);
    const spare = ((shift + bytes.length) * 8) % 6 === 0 ? 0 : 1;
    const inner = encoded.slice(first, encoded.length - spare);
    return inner.length < 8 ? [] : [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** `name=value`, `name: value`, `"name":"value"`. */
function besideName(name: string, value: string): RegExp {
  const bare = name.split(".").at(-1) ?? name;
  return new RegExp(`(${escaped(bare)}"?\\s*[=:]\\s*"?)${escaped(value)}(?![\\w.-])`, "gi");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** What was cut at an ellipsis may have been cut inside a secret. */
function withoutPieces(text: string, secrets: readonly Secret[]): string {
  const parts = text.split("…");
  return parts
    .map((part, index) => {
      let kept = part;
      for (const { forms, shown } of secrets) {
        if (index < parts.length - 1) kept = withoutEnd(kept, forms, shown);
        if (index > 0) kept = withoutStart(kept, forms, shown);
      }
      return kept;
    })
    .join("…");
}

function withoutEnd(text: string, forms: readonly string[], shown: string): string {
  for (const form of forms) {
    for (let length = form.length - 1; length >= PIECE_LENGTH; length -= 1) {
      if (text.endsWith(form.slice(0, length))) return text.slice(0, text.length - length) + shown;
    }
  }
  return text;
}

function withoutStart(text: string, forms: readonly string[], shown: string): string {
  for (const form of forms) {
    for (let length = form.length - 1; length >= PIECE_LENGTH; length -= 1) {
      if (text.startsWith(form.slice(form.length - length))) return shown + text.slice(length);
    }
  }
  return text;
}

/** What the bytes say: the head of a handshake, or the payloads of frames without their mask. */
function contentOf(entry: TranscriptEntry, bytes: string): string {
  const raw = Buffer.from(bytes.replace("…", ""), "hex");
  if (entry.kind === "handshake") return raw.toString("utf8");
  const payloads = framesOf(raw).map(({ payload }) => payload);
  const frames = Buffer.concat(payloads);
  return `${frames.toString("utf8")}\n${raw.toString("utf8")}`;
}

interface PlacedFrame {
  readonly at: number;
  readonly payload: Uint8Array;
  readonly maskKey?: Uint8Array;
}

/** The whole frames of some bytes, and what there is of the last one. */
function framesOf(raw: Buffer): PlacedFrame[] {
  const reader = createFrameReader("client");
  const frames: PlacedFrame[] = [];
  let offset = 0;
  for (const frame of reader.push(raw, 0)) {
    const at = offset + frame.header.length;
    const { maskKey, payload } = frame;
    frames.push({ at, payload, ...(maskKey === undefined ? {} : { maskKey }) });
    offset = at + payload.length;
  }
  const rest = raw.subarray(offset);
  if (rest.length > 2 && reader.broken === undefined) frames.push(...unfinished(rest, offset));
  return frames;
}

/** A frame of which only the beginning is there. */
function unfinished(rest: Buffer, offset: number): PlacedFrame[] {
  const second = rest[1] ?? 0;
  const short = second & 0x7f;
  const masked = (second & 0x80) !== 0;
  const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0);
  if (rest.length <= size) return [];
  const payload = Uint8Array.from(rest.subarray(size));
  if (!masked) return [{ at: offset + size, payload }];
  const maskKey = Uint8Array.from(rest.subarray(size - 4, size));
  applyMask(payload, maskKey);
  return [{ at: offset + size, payload, maskKey }];
}

/** The same frames with a star for each byte of a secret: header, length and mask key stay true. */
function starred(bytes: string, secrets: readonly Secret[]): string {
  // Where the middle is left out, the key of what follows it is not known: it goes.
  const [whole = "", cutOff] = bytes.split("…");
  const raw = Buffer.from(whole, "hex");
  const frames = framesOf(raw);
  const joined = Buffer.concat(frames.map(({ payload }) => payload));
  star(joined, secrets);
  let taken = 0;
  for (const { at, payload, maskKey } of frames) {
    const part = Uint8Array.from(joined.subarray(taken, taken + payload.length));
    taken += payload.length;
    if (maskKey !== undefined) applyMask(part, maskKey);
    raw.set(part, at);
  }
  star(raw, secrets);
  return raw.toString("hex") + (cutOff === undefined ? "" : "…");
}

function star(bytes: Buffer, secrets: readonly Secret[]): void {
  for (const { forms } of secrets) {
    for (const form of forms) {
      const wanted = Buffer.from(form);
      for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) {
        bytes.fill("*", at, at + wanted.length);
      }
    }
  }
}

function deep(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => deep(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [change(key), deep(member, change)]),
  );
}
