/** S-CD-04: text that is no JSON document, or no message, is refused and the connection stays open. */

import type { Endpoint } from "../../src/contract/contract.js";
import type { Check, CheckContext } from "../check.js";
import { frameText } from "../judge.js";
import { resultOf, runProperty } from "../property.js";
import { notApplicable, quietNote } from "./blame.js";
import { type CommandSource, commandSource } from "./commands.js";
import { type BadFrame, refusalScript, showBadFrame } from "./refusal.js";

const ID = "S-CD-04";

/** Broken text of each class, one a case. */
export const brokenFrames: Check = {
  id: ID,
  smoke: true,
  async run(context) {
    const whole = wholeFrame(context, commandSource(context.judge, context.seed));
    if (whole === undefined) return notApplicable("the document declares no command in JSON text");
    const frames = brokenTexts(whole).map((one): BadFrame => ({ ...one, ...handling(context.endpoint) }));
    // What the contract takes for a command is not broken, whatever it looks like.
    const broken = frames.filter(
      ({ text }) => !context.judge.commands.judge(text).ok && !isEaten(context.endpoint, text),
    );
    const script = (bad: BadFrame, scene: Parameters<typeof refusalScript>[1]) =>
      refusalScript(context, scene, ID, bad);
    // Asked for when all is over: the quiet grows with the slowest answer.
    const words = () => ({ pass: wordsOf(context.endpoint), notes: [quietNote(context)] });
    const must = await runProperty(context, {
      label: "broken frame",
      examples: broken.filter(({ level }) => level === "MUST"),
      show: showBadFrame,
      script,
    });
    if (must.failure !== undefined || must.flaky !== undefined) return resultOf(must, words());
    const should = await runProperty(context, {
      label: "doubtful frame",
      examples: broken.filter(({ level }) => level === "SHOULD"),
      show: showBadFrame,
      script,
    });
    return resultOf(should.failure === undefined ? must : should, words());
  },
};

/** The classes of text that no JSON parser, or no message of a contract of objects, may take. */
export function brokenTexts(whole: string): Pick<BadFrame, "label" | "text" | "level" | "mend">[] {
  const close = whole.at(-1) ?? "}";
  const body = whole.slice(0, -1);
  const last = close === "]" ? "NaN" : '"nan":NaN';
  return [
    { label: "a command cut before its last character", text: body, level: "MUST" },
    { label: "half of a command", text: whole.slice(0, Math.ceil(whole.length / 2)), level: "MUST" },
    { label: "a trailing comma", text: `${body},${close}`, level: "MUST" },
    { label: "two documents in one frame", text: `${whole}${whole}`, level: "MUST" },
    { label: "`null`", text: "null", level: "MUST" },
    { label: "`[]`", text: "[]", level: "MUST" },
    { label: '`"x"`', text: '"x"', level: "MUST" },
    {
      label: "NaN, which is no JSON number",
      text: `${body},${last}${close}`,
      level: "SHOULD",
      mend: "JSON has no NaN and no Infinity (RFC 8259 section 6): make the parser refuse them. Python's takes both unless `json.loads` is given a `parse_constant` that raises.",
    },
    { label: "a byte order mark before the text", text: `\uFEFF${whole}`, level: "SHOULD" },
  ];
}

/** Socket.IO's parser takes a byte order mark after its packet type for an acknowledgement id: it never reaches JSON. */
function isEaten(endpoint: Endpoint, text: string): boolean {
  return endpoint.protocol.transport === "socket.io" && text.startsWith("\uFEFF");
}

function handling(endpoint: Endpoint): Pick<BadFrame, "kind" | "answer" | "mayClose"> {
  // What the parser of Socket.IO refuses never reaches the application: it may end the connection.
  if (endpoint.protocol.transport === "socket.io") {
    return { kind: "unparseable", answer: "any", mayClose: true };
  }
  if (endpoint.protocol.reject === undefined) return { kind: "undecodable", answer: "any", mayClose: true };
  return { kind: "undecodable", answer: "refused" };
}

function wordsOf(endpoint: Endpoint): string {
  if (endpoint.protocol.transport === "socket.io")
    return "broken text was refused or ended the connection, and did no harm";
  if (endpoint.protocol.reject === undefined) {
    return "broken text did no harm (the document declares no `reject`: refusing, ignoring and closing are all good)";
  }
  return "broken text was refused with a payload code, and the connection stayed open";
}

/** The frame of a valid command, of more than two characters: `{}` cut in half is hardly broken. */
function wholeFrame(context: CheckContext, source: CommandSource): string | undefined {
  const frames = source.names.flatMap((name) =>
    source.variants(name).map(({ payload }) => frameText(context.endpoint, name, payload)),
  );
  return frames.find((text) => text.length > 2 && /^[[{]/.test(text));
}
