/** C-HS-02 and C-HS-03: responses 101 that open no connection. */
import { encodeFrame } from "../frames/encode.js";
import { OPCODE } from "../frames/frame.js";
import { acceptFor } from "../frames/handshake.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { AcceptOptions, ClientCase, ClientCheck, ClientContext, UpgradeRequest } from "./check.js";
import { witnessFirst } from "./failing.js";

/** A response 101 that is wrong in one thing. */
interface WrongAnswer {
  readonly name: string;
  /** How it is accepted; undefined where this request leaves nothing wrong with it. */
  readonly bend: (request: UpgradeRequest) => AcceptOptions | undefined;
}

const always = (name: string, options: AcceptOptions): WrongAnswer => ({ name, bend: () => options });

const wrongAnswers: readonly WrongAnswer[] = [
  always("the Sec-WebSocket-Accept of another key", {
    acceptKey: acceptFor("dGhlIHNhbXBsZSBub25jZQ=="),
  }),
  {
    name: "the key itself as Sec-WebSocket-Accept",
    bend: ({ headers }) => ({ acceptKey: headers["sec-websocket-key"] ?? "" }),
  },
  always("an empty Sec-WebSocket-Accept", { acceptKey: "" }),
  always("no Sec-WebSocket-Accept", { omit: ["sec-websocket-accept"] }),
  always("no Upgrade", { omit: ["upgrade"] }),
  always("another Upgrade", { headers: [["Upgrade", "h2c"]] }),
  always("no Connection", { omit: ["connection"] }),
  always("a Connection that says something else", { headers: [["Connection", "keep-alive"]] }),
];

const UNKNOWN = "x-wireproof-unknown";

const unofferedAnswers: readonly WrongAnswer[] = [
  always("an extension that nobody knows", { headers: [["Sec-WebSocket-Extensions", UNKNOWN]] }),
  {
    name: "permessage-deflate, which was not offered",
    bend({ headers }) {
      if (headers["sec-websocket-extensions"]?.includes("permessage-deflate") === true) return undefined;
      return { headers: [["Sec-WebSocket-Extensions", "permessage-deflate"]] };
    },
  },
  always("a subprotocol that was not offered", { headers: [["Sec-WebSocket-Protocol", UNKNOWN]] }),
];

/** C-HS-02. */
const wrongResponse = wrongAnswerCheck("C-HS-02", wrongAnswers, {
  pass: "each response that was wrong in one thing opened no connection",
  mend: "Check Upgrade, Connection and Sec-WebSocket-Accept of the response, and end TCP without a frame where one is wrong (RFC 6455 section 4.1).",
});

/** C-HS-03. */
const unoffered = wrongAnswerCheck("C-HS-03", unofferedAnswers, {
  pass: "each response that named what was not offered opened no connection",
  mend: "Fail the connection where the response names an extension or a subprotocol that the request did not (RFC 6455 section 4.1).",
});

/** Both checks. */
export const wrongAnswerChecks: readonly ClientCheck[] = [wrongResponse, unoffered];

function wrongAnswerCheck(
  id: string,
  answers: readonly WrongAnswer[],
  words: { readonly pass: string; readonly mend: string },
): ClientCheck {
  return {
    id,
    smoke: true,
    async run(context) {
      const missing = await witnessFirst(context);
      if (missing !== undefined) return missing;
      const property = await runProperty(context, {
        label: "wrong response",
        examples: answers,
        show: ({ name }) => name,
        script: (answer, scene: ClientCase) => wrongly(context, scene, answer, words.mend),
      });
      return resultOf(property, { pass: words.pass });
    },
  };
}

/** Accepts wrongly, with a ping in the same write: who takes the connection for open answers it. */
async function wrongly(
  context: ClientContext,
  scene: ClientCase,
  { bend, name }: WrongAnswer,
  mend: string,
): Promise<CaseOutcome> {
  await scene.launch();
  const attempt = await scene.attempt(context.launchMs);
  const request = await attempt?.request;
  if (attempt === undefined || request === undefined) {
    return { verdict: "untestable", reason: "no witness: the client made no request" };
  }
  const options = bend(request);
  // Nothing wrong can be made of it here: the other cases decide.
  if (options === undefined) return { verdict: "pass" };
  const ping = encodeFrame({ opcode: OPCODE.ping, mask: false, payload: PING }, () => new Uint8Array(4));
  const peer = await attempt.accept({ ...options, early: ping, obliging: false });
  if (peer === undefined)
    return { verdict: "inconclusive", reason: "the client gave up before its response" };
  peer.tell("", "anything");
  const end = await attempt.ended(context.answerMs);
  const [frame] = peer.frames;
  const expected = `with ${name} the client sends no frame and ends TCP within ${Math.round(context.answerMs)} ms`;
  if (frame !== undefined) {
    const got = `it sent ${peer.frames.length} frames, the first with opcode ${frame.opcode}`;
    return { verdict: "fail", reason: `${name} opened a connection`, expected, got, mend };
  }
  if (end === undefined) {
    const got = "it sent nothing, and keeps TCP open";
    return { verdict: "fail", reason: `${name} did not fail the connection`, expected, got, mend };
  }
  return { verdict: "pass" };
}

const PING = new TextEncoder().encode("open?");
