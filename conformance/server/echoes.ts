/** S-CD-11: text that goes out by an exchange tagged `echo` comes back unharmed, in order, and to its own question. */

import fc from "fast-check";
import type { Exchange, Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import type { Case, Check, CheckContext, ReceivedMessage, Tester } from "../check.js";
import { endOf, exchangeIssue, type Filling, fill, holds } from "../exchange.js";
import { excerpt, frameText } from "../judge.js";
import { withValue } from "../payloads.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { concluded, notApplicable } from "./blame.js";

const ID = "S-CD-11";

/** A text, and what else is on the way while it is. */
interface EchoCase {
  readonly exchange: Exchange;
  readonly what: string;
  readonly text: string;
  /**
   * `alone`; `queued`: four of them at once; `invalid-twin`: a broken command with another text goes first;
   * `illegal-twin`: the same command with another text is sent while the exchange runs.
   */
  readonly company: "alone" | "queued" | "invalid-twin" | "illegal-twin";
}

/** How many run at once where something is queued. */
const AT_ONCE = 4;

/** Texts of each kind that systems were seen to harm, then random ones; then several texts at once. */
export const echoes: Check = {
  id: ID,
  smoke: true,
  async run(context) {
    const exchanges = (context.endpoint.exchanges?.list ?? []).filter(
      ({ tags, steps }) => tags.includes("echo") && steps.some((step) => "send" in step),
    );
    if (exchanges.length === 0) return notApplicable("the document names no exchange tagged `echo`");
    const texts = exchanges.flatMap((exchange) =>
      textKinds().map(([what, text]): EchoCase => ({ exchange, what, text, company: "alone" })),
    );
    const property = await runProperty(context, {
      label: "echo",
      examples: [...texts, ...exchanges.flatMap((exchange) => inCompany(context, exchange))].filter(
        ({ exchange, text }) => canHold(context, exchange, text),
      ),
      arbitrary: fc
        .record({
          exchange: fc.constantFrom(...exchanges),
          what: fc.constant("random text"),
          text: fc.string({ unit: CHARACTER, minLength: 1, maxLength: 200 }),
          company: fc.constant<EchoCase["company"]>("alone"),
        })
        .filter(({ exchange, text }) => canHold(context, exchange, text)),
      runs: Math.min(context.runs, 20),
      show: ({ exchange, what, text, company }): Json => ({
        exchange: exchange.name,
        what,
        text: text.length <= 500 ? text : `${text.slice(0, 499)}… (${text.length} characters)`,
        company,
      }),
      script: async (value, scene) => concluded(scene, ID, await play(context, value, scene)),
    });
    return resultOf(property, { pass: "every text came back unharmed, in order, and to its own question" });
  },
};

/** Any Unicode character, ASCII as often as all others; the tables of fast-check's own units take half a second. */
const CHARACTER = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  fc
    .integer({ min: 0, max: 0x10_ffff - 0x800 })
    .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800)),
);

/** Texts of every kind: each was lost or changed by some running system. */
export function textKinds(): readonly (readonly [string, string])[] {
  const line = "The quick brown fox, 0123456789, jumps over the lazy dog. ";
  return [
    ["plain text", "hello world"],
    ["one character", "x"],
    ["a long text", line.repeat(400).trimEnd()],
    ["escapes", 'back\\slash "quoted" tab\t bell\u0007 nul\u0000 unit\u001f del\u007f slash/ \\n \\u0041'],
    ["line ends", "first\nsecond\r\nthird\rfourth\u2028fifth\u2029sixth"],
    ["characters beyond ASCII", "Grüße, Łódź, Привет, שלום, مرحبا, 日本語, 한국어, ทดสอบ"],
    ["characters beyond the first plane", "👍🏽 👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🇩🇪 \u{10fffd}"],
    ["combining characters", "e\u0301 and é, A\u030a and Å, \u200d\ufeff."],
    ["markup", `<b>bold</b> & <script>alert("1 > 0")</script> &amp; &lt;br/&gt; {{x}} \${y} %s`],
    ["white space at both ends", "  two spaces, a tab\t, and at the end \t  "],
    ["line ends at both ends", "\n\r\nbetween empty lines\n\n"],
    ["the word that server-sent events use", "data: one\n\ndata: data: two\nevent: done\ndata: [DONE]"],
    ["JSON", '{"type":"ping","data":[null,true,-0.0,1e3]}'],
  ];
}

/** Texts long enough to be known for certain, with words that stand in no other of them. */
function marked(index: number): string {
  const word = `wp${index}x${"abcdefgh"[index % 8]}`;
  return Array.from({ length: 30 }, (_, position) => `${word}${position.toString(36)}`).join(" ");
}

function inCompany(context: CheckContext, exchange: Exchange): EchoCase[] {
  const [first] = exchange.steps.flatMap((step) => ("send" in step ? [step.send.message] : []));
  const queued = context.endpoint.lifecycles.some((lifecycle) => lifecycle.queued.includes(first ?? ""));
  const make = (what: string, company: EchoCase["company"]): EchoCase => ({
    exchange,
    what,
    text: marked(0),
    company,
  });
  const cases: EchoCase[] = [];
  if (queued) cases.push(make(`${AT_ONCE} texts at once`, "queued"));
  if (context.endpoint.protocol.reject !== undefined) {
    cases.push(make("a text after a refused one", "invalid-twin"));
    const named = context.endpoint.lifecycles.some(({ transitions }) =>
      transitions.some(({ on }) => on.includes(first ?? "")),
    );
    if (!queued && named) cases.push(make("a text while another is refused", "illegal-twin"));
  }
  return cases;
}

function canHold(context: CheckContext, exchange: Exchange, text: string): boolean {
  const filling: Filling = { text, uuid: "00000000-0000-4000-8000-000000000000", int: 1 };
  return exchange.steps.every((step) => {
    if (!("send" in step)) return true;
    const frame = frameText(context.endpoint, step.send.message, fill(step.send.payload, filling));
    return context.judge.commands.judge(frame).ok;
  });
}

async function play(context: CheckContext, value: EchoCase, scene: Case): Promise<CaseOutcome> {
  const tester = await scene.connect();
  const { exchange, company } = value;
  const texts =
    company === "queued" ? Array.from({ length: AT_ONCE }, (_, index) => marked(index)) : [value.text];
  const fillings = texts.map((text): Filling => ({ text, uuid: scene.identity, int: 7 }));
  const [filling] = fillings;
  if (filling === undefined) throw new RangeError("A case has at least one text.");

  const twin = marked(7);
  if (company === "invalid-twin") sendInvalidTwin(context, tester, exchange, { ...filling, text: twin });
  const from = tester.messages.length;
  const answers =
    company === "queued"
      ? await askAll(context, tester, exchange, fillings)
      : [await askOnce(context, tester, exchange, filling, company === "illegal-twin" ? twin : undefined)];
  for (const [index, answer] of answers.entries()) {
    const own = fillings[index];
    if (own === undefined) continue;
    if (answer === undefined) return incomplete(context, tester, value, tester.messages.slice(from));
    const strangers = [...fillings.map(({ text }) => text), twin].filter((text) => text !== own.text);
    const wrong = mismatch(context, value, own, answer, strangers);
    if (wrong !== undefined) return wrong;
  }
  return { verdict: "pass" };
}

/** What is wrong with an answer: words of another text, or not its own. */
function mismatch(
  context: CheckContext,
  { exchange, what }: EchoCase,
  own: Filling,
  answer: readonly ReceivedMessage[],
  strangers: readonly string[],
): CaseOutcome | undefined {
  const leak = strangers.find((text) => holdsText(context, exchange, answer, text));
  if (leak !== undefined) {
    return {
      verdict: "fail",
      expected: `exchange "${exchange.name}": the answer to one text holds nothing of another's`,
      got: `words of the text ${opening(leak)} in the answer to ${opening(own.text)}`,
      mend: "Answer in the order of the questions; keep what belongs to each apart, and nothing of a refused one.",
    };
  }
  const issue = exchangeIssue(exchange, answer, own);
  if (issue === undefined) return undefined;
  return {
    verdict: "fail",
    expected: `exchange "${exchange.name}", ${what}: ${issue.expected}`,
    got: issue.got ?? `nothing fitting among ${answer.length} events`,
    mend: "Pass text through untouched: no escaping, no trimming, no line-wise reading; JSON encoding alone.",
  };
}

/** Sends the command with another text and a fault, before the exchange: a member too much, or a wrong type. */
function sendInvalidTwin(context: CheckContext, tester: Tester, exchange: Exchange, filling: Filling): void {
  for (const step of exchange.steps) {
    if (!("send" in step)) continue;
    const payload = fill(step.send.payload, filling);
    const broken = [withValue(payload, "/wireproof-stray-field", 1), JSON.stringify(payload)];
    for (const value of broken) {
      if (value === undefined) continue;
      const text = frameText(context.endpoint, step.send.message, value);
      if (context.judge.commands.judge(text).ok) continue;
      tester.text(text, "undecodable");
      return;
    }
  }
}

/**
 * The events of one exchange, or undefined when it did not come to its end. Without `until`, silence ends it as well:
 * what came by then is its answer.
 */
async function askOnce(
  context: CheckContext,
  tester: Tester,
  exchange: Exchange,
  filling: Filling,
  illegalTwin: string | undefined,
): Promise<readonly ReceivedMessage[] | undefined> {
  const from = tester.messages.length;
  let seen = from;
  for (const step of exchange.steps) {
    if ("send" in step) {
      tester.command(step.send.message, fill(step.send.payload, filling));
      continue;
    }
    const { message: name, when } = step.await;
    const end = await readUntil(
      context,
      tester,
      seen,
      (one) => one.names.includes(name) && holds(when, one.payload, filling),
    );
    if (end === undefined) return undefined;
    seen = end;
  }
  if (illegalTwin !== undefined) {
    const first = await readUntil(context, tester, seen, (one) => !isRefusal(context, one));
    if (first === undefined) return undefined;
    sendIllegalTwin(tester, exchange, { ...filling, text: illegalTwin });
    if (!isLast(exchange, tester.messages[first - 1], filling)) seen = first;
  }
  const end = await readUntil(context, tester, seen, (one) =>
    endsExchange(tester, exchange, filling, one, from),
  );
  const events = tester.messages.slice(from, end).filter((one) => !isRefusal(context, one));
  return end !== undefined || (exchange.until === undefined && events.length > 0) ? events : undefined;
}

/** Sent only while the Monitor calls it illegal: a state that ended meanwhile would rightly take it. */
function sendIllegalTwin(tester: Tester, exchange: Exchange, filling: Filling): void {
  for (const step of exchange.steps) {
    if (!("send" in step)) continue;
    const name = step.send.message;
    const payload = fill(step.send.payload, filling);
    if (tester.monitor.legalNow({ name, payload }) === "illegal") tester.command(name, payload);
    return;
  }
}

/** All at once; the events are parted where one exchange ends. */
async function askAll(
  context: CheckContext,
  tester: Tester,
  exchange: Exchange,
  fillings: readonly Filling[],
): Promise<readonly (readonly ReceivedMessage[] | undefined)[]> {
  let from = tester.messages.length;
  for (const filling of fillings) {
    for (const step of exchange.steps) {
      if ("send" in step) tester.command(step.send.message, fill(step.send.payload, filling));
    }
  }
  const answers: (readonly ReceivedMessage[] | undefined)[] = [];
  for (const filling of fillings) {
    const start = from;
    const end = await readUntil(context, tester, start, (one) =>
      endsExchange(tester, exchange, filling, one, start),
    );
    answers.push(end === undefined ? undefined : tester.messages.slice(start, end));
    if (end === undefined) break;
    from = end;
  }
  return answers;
}

function endsExchange(
  tester: Tester,
  exchange: Exchange,
  filling: Filling,
  message: ReceivedMessage,
  from: number,
): boolean {
  if (exchange.until !== undefined) return isLast(exchange, message, filling);
  const upTo = tester.messages.indexOf(message, from) + 1;
  return exchangeIssue(exchange, tester.messages.slice(from, upTo), filling) === undefined;
}

function isLast(exchange: Exchange, message: ReceivedMessage | undefined, filling: Filling): boolean {
  const { until } = exchange;
  if (until === undefined || message === undefined) return false;
  return message.names.includes(until.message) && holds(until.when, message.payload, filling);
}

/** Reads from an index until a message fits; its index and one, or undefined after a silence of T. */
async function readUntil(
  context: CheckContext,
  tester: Tester,
  from: number,
  fits: (message: ReceivedMessage) => boolean,
): Promise<number | undefined> {
  for (let index = from; ; index++) {
    if (tester.messages[index] === undefined) await tester.next(() => true, context.answerMs, index);
    const message = tester.messages[index];
    if (message === undefined) return undefined;
    if (fits(message)) return index + 1;
  }
}

function isRefusal(context: CheckContext, message: ReceivedMessage): boolean {
  return context.judge.refusalOf(message.names, message.payload) !== undefined;
}

/** True when the fields that are to hold the text hold words of another one. */
function holdsText(
  context: CheckContext,
  exchange: Exchange,
  answer: readonly ReceivedMessage[],
  text: string,
): boolean {
  const [word = text] = text.split(" ");
  return exchange.expect.some(({ message, field }) => {
    if (field === undefined) return false;
    const values = answer
      .filter((one) => one.names.includes(message) && !isRefusal(context, one))
      .map((one) => valueAt(one.payload, field));
    return values
      .filter((value) => typeof value === "string")
      .join("")
      .includes(word);
  });
}

function opening(text: string): string {
  return JSON.stringify(text.length <= 24 ? text : `${text.slice(0, 23)}…`);
}

function incomplete(
  context: CheckContext,
  tester: Tester,
  { exchange, what }: EchoCase,
  events: readonly ReceivedMessage[],
): CaseOutcome {
  const refusal = events.find((one) => isRefusal(context, one));
  const last = events.at(-1);
  const silence =
    last === undefined ? "no event" : `${events.length} events, the last ${excerpt(last.text)}, then nothing`;
  const got = refusal === undefined ? silence : `a refusal: ${excerpt(refusal.text)}`;
  return {
    verdict: "fail",
    expected: `exchange "${exchange.name}", ${what}: it runs to its end${exchange.until === undefined ? "" : ` ("${exchange.until.message}")`}`,
    got: tester.end === undefined ? got : `${got}, then ${endOf(tester)}`,
    mend: "Answer the exchanges that the document declares: they are what a judge may rely on.",
  };
}
