/**
 * A failing case as a script of its own: it needs Node and nothing else, sends the recorded bytes when the kit sent them,
 * and prints what comes. For people who want to hold a fault in their hands, or send it to somebody else.
 */
import { inflateRawSync } from "node:zlib";
import { valueAt } from "../src/contract/pointer.js";
import { CONCLUSION, evidenceOf } from "./report/evidence.js";
import type { Outcome, Report } from "./report/report.js";
import { RUNTIME } from "./snippet-runtime.js";
import type { TranscriptEntry } from "./transcript.js";

/** A value of the server that the kit sent back: a new session has another one. */
interface Taken {
  readonly value: string;
  /** Connection and number of the message it came in, and where it stands there (RFC 6901). */
  readonly connection: number;
  readonly message: number;
  readonly pointer: string;
}

/** One thing that the script does or waits for. */
interface Step {
  readonly connection: number;
  /** Milliseconds after the entry before. */
  readonly after: number;
  readonly act: "open" | "send" | "fin" | "rst" | "pause" | "resume" | "receive" | "conclude";
  readonly says: string;
  /** Hexadecimal. */
  readonly bytes?: string;
  /** A text to be framed when it is sent: it holds a secret, or a value that the server has given. */
  readonly text?: string;
  readonly taken?: readonly Taken[];
}

/** Why a case cannot be told as a script. */
export class SnippetError extends Error {
  override readonly name = "SnippetError";
}

/** How long a value must be to be taken for one that the server has made up (characters). */
const MADE_UP = 6;

/** The script. Throws {@link SnippetError} when the report does not hold all that was sent. */
export function snippetOf(report: Report, outcome: Outcome): string {
  if (outcome.transcript.length === 0) {
    throw new SnippetError(`the report holds no transcript of ${outcome.id}: there is nothing to send`);
  }
  const { setup, subject } = report;
  if (subject.role === "client") {
    throw new SnippetError(
      "a case of a client needs that client, so it is no script of its own; `wireproof replay` plays it again",
    );
  }
  const steps = stepsOf(evidenceOf(outcome));
  const url = setup?.url ?? subject.url;
  const comment = [
    `${outcome.id}: ${outcome.title}`,
    `${outcome.sentence} (${outcome.clause}, ${outcome.level})`,
    "",
    `Written by wireproof ${report.wireproof} from the failing case of a run against ${subject.url}.`,
    "It needs Node 18 or newer and nothing else: node this-file.mjs [url]",
    ...secretsOf(steps).map(
      (name) => `Set ${environmentName(name)}: the report leaves out the secret "${name}".`,
    ),
  ];
  return [
    "#!/usr/bin/env node",
    ...comment.map((line) => `// ${line}`.trimEnd().replace(/[\r\n\u2028\u2029]+/g, " ")),
    "",
    `const URL_GIVEN = process.argv[2] ?? ${literal(url)};`,
    `const INSECURE = ${setup?.insecure === true || subject.url.startsWith("ws:")};`,
    `const EXPECTED = ${literal(outcome.expected ?? outcome.sentence)};`,
    `const GOT = ${literal(outcome.got ?? outcome.reason)};`,
    "",
    "// Each step waits until what came before it has come again, then as long as the kit had waited.",
    "const STEPS = [",
    ...steps.map((step) => `  ${literal(step)},`),
    "];",
    RUNTIME,
  ].join("\n");
}

/** The name of the environment variable that holds a secret. */
export function environmentName(secret: string): string {
  return `WIREPROOF_${secret.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}`;
}

function secretsOf(steps: readonly Step[]): string[] {
  const all = steps
    .map(({ bytes = "", text = "" }) => `${text}${Buffer.from(bytes, "hex").toString("utf8")}`)
    .join("\n");
  return [...new Set([...all.matchAll(/‹secret:([^›]+)›/g)].map(([, name = ""]) => name))];
}

function stepsOf(transcript: readonly TranscriptEntry[]): Step[] {
  const steps: Step[] = [];
  const received = new Map<number, TranscriptEntry[]>();
  const sentTexts: string[] = [];
  let before = transcript[0]?.atMs ?? 0;
  for (const entry of transcript) {
    const step = stepOf(entry, Math.max(0, entry.atMs - before), received, sentTexts);
    // What is no step still takes its time: it counts for the next one.
    if (step === undefined) continue;
    before = entry.atMs;
    steps.push(step);
  }
  return steps;
}

function stepOf(
  entry: TranscriptEntry,
  after: number,
  received: Map<number, TranscriptEntry[]>,
  sentTexts: string[],
): Step | undefined {
  const { connection, direction, kind } = entry;
  const step = {
    connection,
    after: Math.round(after * 10) / 10,
    says: `${kind === "text" ? "" : `${kind} `}${shown(entry.text)}`.trim(),
  };
  if (entry.text.includes("entries left out")) {
    throw new SnippetError(
      "the case is too long for a script: the report has left out entries of its middle",
    );
  }
  if (direction === "note") {
    if (entry.text === "the kit stops reading") return { ...step, act: "pause" };
    if (entry.text === "the kit reads on") return { ...step, act: "resume" };
    return entry.text.startsWith(CONCLUSION) ? { ...step, act: "conclude" } : undefined;
  }
  if (direction === "received") {
    if (kind === "raw") return undefined;
    if (kind === "text") {
      const list = received.get(connection) ?? [];
      received.set(connection, [...list, entry]);
    }
    return { ...step, act: "receive" };
  }
  if (kind === "tcp") return { ...step, act: entry.text === "RST" ? "rst" : "fin" };
  const act = kind === "handshake" ? "open" : "send";
  if (kind === "text") {
    const taken = takenFrom(entry.text, received, sentTexts);
    sentTexts.push(entry.text);
    if (taken.length > 0) return { ...step, act, text: entry.text, taken };
    if (entry.text.includes("‹secret:")) return { ...step, act, text: entry.text };
  }
  return { ...step, act, bytes: allBytes(entry) };
}

function allBytes(entry: TranscriptEntry): string {
  const { bytes, packed } = entry;
  if (packed !== undefined) return inflateRawSync(Buffer.from(packed, "base64")).toString("hex");
  if (bytes === undefined || bytes.includes("…")) {
    throw new SnippetError(
      `the report does not hold all bytes of what was sent after ${entry.atMs.toFixed(0)} ms (${shown(entry.text)}): they were too many to keep`,
    );
  }
  return bytes;
}

/** Values in a text of ours that the server had said before, and we had not. */
function takenFrom(
  text: string,
  received: ReadonlyMap<number, readonly TranscriptEntry[]>,
  sentTexts: readonly string[],
): Taken[] {
  const taken: Taken[] = [];
  for (const value of new Set(leavesOf(text).map(([, leaf]) => leaf))) {
    if (value.length < MADE_UP || sentTexts.some((sent) => sent.includes(value))) continue;
    const source = sourceOf(value, received);
    if (source !== undefined) taken.push(source);
  }
  return taken;
}

function sourceOf(
  value: string,
  received: ReadonlyMap<number, readonly TranscriptEntry[]>,
): Taken | undefined {
  for (const [connection, entries] of received) {
    for (const [message, entry] of entries.entries()) {
      const found = leavesOf(entry.text).find(([, leaf]) => leaf === value);
      // A fixed word of the protocol is the same the next time: to take it from there does no harm.
      if (found !== undefined) return { value, connection, message, pointer: found[0] };
    }
  }
  return undefined;
}

/** Every string in a JSON text, with its pointer. A transport may put digits before the JSON. */
function leavesOf(text: string): (readonly [pointer: string, leaf: string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\d+(?=[[{])/, ""));
  } catch {
    return [];
  }
  const leaves: (readonly [string, string])[] = [];
  const visit = (pointer: string): void => {
    const at = valueAt(value, pointer);
    if (typeof at === "string") leaves.push([pointer, at]);
    else if (typeof at === "object" && at !== null) {
      for (const key of Object.keys(at)) {
        visit(`${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
      }
    }
  };
  visit("");
  return leaves;
}

function shown(text: string): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
  return flat.length <= 100 ? flat : `${flat.slice(0, 99)}…`;
}

/** JSON is JavaScript but for two line separators. */
function literal(value: unknown): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
}
