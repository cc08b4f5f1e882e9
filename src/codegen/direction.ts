/** The codec functions of one direction of an endpoint, and what they call. */

import type { Direction, Endpoint, Message } from "../contract/contract.js";
import { messagesOf } from "../contract/discriminate.js";
import type { CheckPrinter, SharedByChecks } from "./check.js";
import { fastDecode, fastEncode } from "./fast/fast.js";
import { JudgePrinter } from "./judge.js";
import { WordPrinter } from "./words.js";

/** How much code is spent on speed: none; what a server runs and what is hot; all. */
export type CodecKind = "small" | "fast" | "auto";

export interface DirectionInput {
  readonly endpoint: Endpoint;
  readonly direction: Direction;
  readonly kind: CodecKind;
  readonly shared: SharedByChecks;
  /** Functions that say why they say no, for what words do not say. */
  readonly explaining: CheckPrinter;
  /** Functions that only say yes or no. */
  readonly quick: CheckPrinter;
  /** The type of all messages of the direction, and of each. */
  readonly union: string;
  readonly typeOf: (message: Message) => string;
}

export interface PrintedDirection {
  /** The exported functions. */
  readonly codec: readonly string[];
  /** The functions and constants behind them. */
  readonly inner: readonly string[];
  /** The constant of what the errors of the naming field say, to be declared where something uses it. */
  readonly naming: { readonly name: string; readonly lines: () => readonly string[] };
  /** The functions that name a message of this direction: the one for clients, the one for servers. */
  readonly judges: { readonly client: string; readonly server: string };
}

/** `Event` or `Command`, in the names of what is generated. */
export function wordOf(direction: Direction): "Event" | "Command" {
  return direction === "event" ? "Event" : "Command";
}

/** The names of the top-level functions and constants of a direction. */
export function namesOf(direction: Direction): string[] {
  const word = wordOf(direction);
  const functions = ["decode", "encode", "judge", "quick", "read", "write"].map((verb) => `${verb}${word}`);
  const constants = ["Codec", "Names", "Checks"].map((noun) => `${direction}${noun}`);
  return [...functions, ...constants, `encode${word}Into`, `write${word}Into`];
}

/** Prints one direction. */
export function printDirection(input: DirectionInput): PrintedDirection {
  const { endpoint, direction, kind, shared, union, typeOf } = input;
  const { imports, names } = shared;
  const word = wordOf(direction);
  const messages = messagesOf(endpoint, direction);
  // A client reads events and writes commands, a server the other way round.
  const isQuick = (side: "client" | "server") => kind === "fast" || (kind === "auto" && side === "server");
  const [reader, writer] =
    direction === "event" ? (["client", "server"] as const) : (["server", "client"] as const);

  const words = new WordPrinter(shared, input.explaining, direction);
  const judgeInput = { endpoint, direction, definitions: shared.definitions, imports, typeOf };
  const judge = new JudgePrinter({
    ...judgeInput,
    isQuick: false,
    checkOf: (message, place, told) => words.checkOf(message, place, told),
  });
  const judgeLines = judge.lines();
  const quickLines = isQuick("server")
    ? new JudgePrinter({
        ...judgeInput,
        isQuick: true,
        checkOf: ({ payload }, place, told) => input.quick.checkOf(payload, place, told),
      }).lines()
    : [];
  const judgeOf = (side: "client" | "server") => `${isQuick(side) ? "quick" : "judge"}${word}`;

  const { definitions, patterns } = shared;
  const pattern = (source: string, where: string): string => patterns.constant(source, where);
  const fastInput = { endpoint, direction, definitions, imports, names, union, typeOf, pattern };
  const hot = kind === "small" ? [] : messages.filter((message) => isQuick(reader) || message.hot === true);
  const read = hot.length === 0 ? undefined : fastDecode(fastInput, hot, { isPlain: !isQuick(reader) });
  const write = isQuick(writer) ? fastEncode(fastInput, messages) : undefined;

  return {
    codec: [
      ...decodeLines(input, judgeOf(reader), read && (isQuick(reader) ? "decodeFast" : "decodeHot")),
      "",
      ...encodeLines(input, judgeOf(writer), isQuick(writer), write !== undefined),
      "",
      "/** The functions above as one value, which also is a Standard Schema. */",
      `export const ${direction}Codec: ${imports.useType("Codec")}<${union}> = /* @__PURE__ */ ${imports.use("codec")}(`,
      `  { decode: decode${word}, encode: encode${word}, encodeInto: encode${word}Into },`,
      `  ${judgeOf("server")},`,
      ");",
    ],
    inner: [words.lines(), judgeLines, quickLines, read?.lines ?? [], write?.lines ?? []].flatMap((lines) =>
      lines.length === 0 ? [] : [...lines, ""],
    ),
    naming: { name: `${direction}Names`, lines: () => judge.namesLines() },
    judges: { client: judgeOf("client"), server: judgeOf("server") },
  };
}

/** `fast`: the function that tries the readers of hot messages first. */
function decodeLines(input: DirectionInput, judge: string, fast: string | undefined): string[] {
  const { endpoint, direction, union, shared } = input;
  const { imports } = shared;
  const word = wordOf(direction);
  const frame =
    endpoint.protocol.transport === "socket.io" ? "the JSON array of one EVENT packet" : "one text frame";
  const args = ["frame", ...(fast === undefined ? [] : [`read${word}`]), judge, ...limitOf(endpoint)];
  return [
    `/** Decodes ${withArticle(direction)} from the text, or the UTF-8 bytes, of ${frame}. Never throws. */`,
    `export function decode${word}(frame: string | Uint8Array): ${imports.useType("Decoded")}<${union}> {`,
    `  return ${imports.use(fast ?? "decodeFrame")}(${args.join(", ")});`,
    "}",
  ];
}

/** `isWritten`: there are writers for messages, which check and write in one pass. */
function encodeLines(
  { endpoint, direction, union, shared }: DirectionInput,
  judge: string,
  isQuick: boolean,
  isWritten: boolean,
): string[] {
  const { imports } = shared;
  const word = wordOf(direction);
  const encode = `${imports.use(isQuick ? "encodeFrame" : "encodeText")}(${["value", judge, ...limitOf(endpoint)].join(", ")})`;
  const writeText = `${imports.use("writeText")}(${isWritten ? encode : `encode${word}(value)`}, bytes, offset)`;
  return [
    `/** Encodes ${withArticle(direction)}. Throws EncodeError, with the JSON pointer, for what decode${word} would refuse. */`,
    `export function encode${word}(value: ${union}): string {`,
    `  return ${isWritten ? `write${word}(value) ?? ` : ""}${encode};`,
    "}",
    "",
    `/** Encodes ${withArticle(direction)} as UTF-8 at \`offset\`; returns the offset after it. Throws RangeError when it does not fit. */`,
    `export function encode${word}Into(value: ${union}, bytes: Uint8Array, offset: number): number {`,
    ...(isWritten
      ? [`  const end = write${word}Into(value, bytes, offset);`, `  return end < 0 ? ${writeText} : end;`]
      : [`  return ${writeText};`]),
    "}",
  ];
}

function limitOf({ protocol }: Endpoint): string[] {
  return protocol.maxBytes === undefined ? [] : [`${protocol.maxBytes}`];
}

function withArticle(direction: Direction): string {
  return direction === "event" ? "an event" : "a command";
}
