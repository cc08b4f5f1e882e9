/**
 * One section of the codecs, measured in this process; prints JSON. A process measures one section only, because what
 * V8 has learned of a function on other messages is nothing that a program would know.
 *
 * Run: node --expose-gc .build/codecs.js <section>
 */

import { messages, missedTexts, texts } from "./mixed.js";
import { loadOwn } from "./own.js";
import { ajvFull } from "./peers/ajv.js";
import { msgpack, msgpackRecords, protobufDecode, protobufEncode, protobufValue } from "./peers/binary.js";
import { BARE, loadDecoders, ownName } from "./peers/decoders.js";
import { BARE_STRINGIFY, loadEncoders } from "./peers/encoders.js";
import type { Message } from "./peers/peer.js";
import { type Contender, measure, passOver } from "./rounds.js";
import { transcriptsOf } from "./use.js";

const QUICK = process.env["BENCH_QUICK"] === "1";
const OPTIONS = {
  rounds: QUICK ? 7 : 25,
  warmUp: QUICK ? 60 : 200,
  turnMs: QUICK ? 4 : 8,
  messages: messages.length,
};

/** Where results are put, so that nothing of them can be left out. */
const kept: { last: unknown } = { last: undefined };

/** Decoding all of that list. */
async function decoding(list: readonly string[]): Promise<Contender[]> {
  return (await loadDecoders()).map(({ name, decode }) => ({
    name,
    pass: passOver(list, "(text) => { kept.last = decode(text); return 1; }", { decode, kept }),
  }));
}

const sections: Readonly<Record<string, () => Promise<Contender[]>>> = {
  decode: () => decoding(texts),

  /** Each message goes to its node, as in a page that shows what agents write. */
  use: async () =>
    (await loadDecoders()).map(({ name, decode }) => {
      const transcripts = transcriptsOf(messages);
      const pass = passOver(texts, "(text) => { take(decode(text)); return 1; }", {
        decode,
        take: transcripts.take,
      });
      return { name, pass: () => pass() + transcripts.flush() };
    }),

  /** With a row of the check alone, on what JSON.parse made. */
  async miss() {
    const alone: Contender[] = [];
    for (const [mode, { checkEvent }] of await loadOwn()) {
      alone.push({
        name: `JSON.parse + the check of ${ownName(mode)} alone`,
        pass: passOver(missedTexts, "(text) => { kept.last = judge(parse(text)); return 1; }", {
          judge: checkEvent,
          parse: JSON.parse,
          kept,
        }),
      });
    }
    return [...(await decoding(missedTexts)), ...alone];
  },

  async buffer() {
    const bytes = texts.map((text) => Buffer.from(text));
    const rows: Contender[] = [
      {
        name: `${BARE.split(",")[0]} of buf.toString(), no validation`,
        pass: passOver(bytes, "(buf) => { kept.last = JSON.parse(buf.toString()); return 1; }", { kept }),
      },
    ];
    for (const [mode, { decodeEvent }] of await loadOwn()) {
      const scope = { decode: decodeEvent, kept };
      rows.push(
        {
          name: ownName(mode),
          pass: passOver(bytes, "(buf) => { kept.last = decode(buf).value; return 1; }", scope),
        },
        {
          name: `${ownName(mode)}, of buf.toString()`,
          pass: passOver(bytes, "(buf) => { kept.last = decode(buf.toString()).value; return 1; }", scope),
        },
      );
    }
    const { isUtf8 } = await import("node:buffer");
    rows.push({
      name: "isUtf8 + JSON.parse + Ajv",
      pass: passOver(
        bytes,
        "(buf) => { if (!isUtf8(buf)) throw 0; const value = JSON.parse(buf.toString()); if (!check(value)) throw 0; kept.last = value; return 1; }",
        { check: ajvFull, isUtf8, kept },
      ),
    });
    for (const [name, list, decode] of [
      [
        "msgpackr unpack, no validation",
        messages.map(msgpack.pack).map((each) => Buffer.from(each)),
        msgpack.unpack,
      ],
      [
        "msgpackr unpack with records, no validation",
        messages.map(msgpackRecords.pack).map((each) => Buffer.from(each)),
        msgpackRecords.unpack,
      ],
      [
        "protobufjs decode, no validation",
        messages.map((each) => Buffer.from(protobufEncode(protobufValue(each)))),
        protobufDecode,
      ],
    ] as const) {
      rows.push({
        name,
        pass: passOver(list, "(bytes) => { kept.last = decode(bytes); return 1; }", { decode, kept }),
      });
    }
    return rows;
  },

  "encode to string": async () =>
    (await loadEncoders()).map(({ name, encode }) => ({
      name,
      pass: passOver(
        messages,
        "(value) => { const text = encode(value); kept.last = text; return text.length; }",
        {
          encode,
          kept,
        },
      ),
    })),

  async "encode to bytes"() {
    const bytes = Buffer.allocUnsafe(64 * 1024);
    const rows = (await loadEncoders()).map(({ name, encode }) => ({
      name: name === BARE_STRINGIFY ? "JSON.stringify + write, no validation" : `${name}, then write`,
      pass: passOver(messages, "(value) => bytes.utf8Write(encode(value), 4)", { encode, bytes }),
    }));
    for (const [mode, { encodeEventInto }] of await loadOwn()) {
      rows.splice(1, 0, {
        name: ownName(mode),
        pass: passOver(messages, "(value) => encode(value, bytes, 4)", { encode: encodeEventInto, bytes }),
      });
    }
    const protobufs = messages.map(protobufValue);
    rows.push(
      binary("msgpackr pack, no validation", messages, msgpack.pack),
      binary("msgpackr pack with records, no validation", messages, msgpackRecords.pack),
      {
        name: "protobufjs encode, no validation",
        pass: passOver(protobufs, "(value) => encode(value).length", { encode: protobufEncode }),
      },
    );
    return rows;
  },
};

function binary(name: string, list: readonly Message[], encode: (value: Message) => Uint8Array): Contender {
  return { name, pass: passOver(list, "(value) => encode(value).length", { encode }) };
}

const section = process.argv[2] ?? "";
const make = sections[section];
if (make === undefined)
  throw new RangeError(`no section is named ${section}: ${Object.keys(sections).join(", ")}`);
console.log(JSON.stringify(measure(await make(), OPTIONS)));
