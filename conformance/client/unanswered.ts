/** C-HS-06: a handshake that gets no answer is given up at the declared time. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { ClientCase, ClientCheck, ClientContext } from "./check.js";
import { witnessFirst } from "./failing.js";
import { tooLate } from "./meeting.js";

/** How the server leaves a request unanswered. */
interface Silence {
  readonly name: string;
  /** What it says before it falls silent. */
  readonly said: string;
}

const SILENCES: readonly Silence[] = [
  { name: "no answer at all", said: "" },
  { name: "half of a response head", said: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConn" },
];

/** Beyond the bound a client is waited for so long (milliseconds): one that is late has another fault than one that waits on. */
const LATE_MS = 2000;

/** C-HS-06. */
export const unanswered: ClientCheck = {
  id: "C-HS-06",
  safe: true,
  shortestMs: (context) => boundOf(context),
  async run(context) {
    const missing = await witnessFirst(context);
    if (missing !== undefined) return missing;
    const boundMs = boundOf(context);
    const property = await runProperty(context, {
      label: "no answer",
      examples: SILENCES,
      show: ({ name }) => name,
      waits: true,
      script: (silence, scene: ClientCase) => wait(context, scene, silence, boundMs),
    });
    return resultOf(property, {
      pass: `a handshake without an answer was given up after ${Math.round(boundMs)} ms`,
    });
  },
};

function boundOf({ endpoint, scaled }: ClientContext): number {
  return scaled(endpoint.reconnect?.connectTimeoutMs ?? 0);
}

async function wait(
  context: ClientContext,
  scene: ClientCase,
  { name, said }: Silence,
  boundMs: number,
): Promise<CaseOutcome> {
  await scene.launch();
  const attempt = await scene.attempt(context.launchMs);
  const request = await attempt?.request;
  if (attempt === undefined || request === undefined) {
    return { verdict: "untestable", reason: "no witness: the client made no request" };
  }
  if (said !== "") attempt.raw(Buffer.from(said), name);
  const latest = boundMs + context.graceMs();
  const end = await attempt.ended(attempt.atMs + latest + LATE_MS - scene.now());
  const expected = `with ${name} the attempt is given up after ${Math.round(boundMs)} ms`;
  const mend =
    "Set a timer of connectTimeoutMs when the attempt begins, end the socket when it is not open by then, and go on as after any failed attempt.";
  if (end === undefined) {
    scene.note("the kit has waited for the attempt to be given up, and it was not");
    return {
      verdict: "fail",
      reason: "the attempt was not given up",
      expected,
      got: `it is still there after ${Math.round(scene.now() - attempt.atMs)} ms`,
      mend,
    };
  }
  const tookMs = end.atMs - attempt.atMs;
  const got = `it ended after ${Math.round(tookMs)} ms`;
  // The client's timer runs since before the kit saw anything of the attempt.
  if (tookMs < boundMs - context.lowerToleranceMs(boundMs) - Math.min(context.graceMs(), boundMs / 2)) {
    return { verdict: "fail", reason: "the attempt was given up too soon", expected, got, mend };
  }
  if (tookMs <= latest) return { verdict: "pass" };
  if (!context.canTime(boundMs)) return tooLate(context);
  return { verdict: "fail", reason: "the attempt was given up too late", expected, got, mend, late: true };
}
