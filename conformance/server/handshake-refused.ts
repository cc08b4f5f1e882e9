/** S-HS-02, 03, 04 and 11: requests that no server may take for an upgrade. */
import type { Case, Check, CheckContext, ConnectOptions } from "../check.js";
import { SubjectGone } from "../interruption.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import {
  endedUnanswered,
  ordinaryWitness,
  reactionOf,
  replaced,
  responsePatience,
  without,
} from "./handshake-script.js";

/** A request that must not be answered by 101. */
interface BadRequest {
  readonly name: string;
  readonly request: NonNullable<ConnectOptions["request"]>;
  /** SHOULD: the clause binds the client, and servers that keep it take such a request. */
  readonly level: "MUST" | "SHOULD";
  /** What else a refusal must be, beside not being 101. */
  readonly refusal: "4xx" | "any";
  readonly mend: string;
}

const KEY = "Sec-WebSocket-Key";
const VERSION = "Sec-WebSocket-Version";

const key = (
  name: string,
  level: BadRequest["level"],
  headers: BadRequest["request"]["headers"],
): BadRequest => ({
  name,
  level,
  refusal: "4xx",
  request: headers === undefined ? {} : { headers },
  mend: "Answer 400 to a request without exactly one Sec-WebSocket-Key that is base64 of 16 bytes.",
});

const BAD_KEYS: readonly BadRequest[] = [
  key("no Sec-WebSocket-Key", "MUST", without(KEY)),
  key("an empty Sec-WebSocket-Key", "SHOULD", replaced(KEY, "")),
  key("a Sec-WebSocket-Key of 15 bytes", "SHOULD", replaced(KEY, Buffer.alloc(15, 7).toString("base64"))),
  key("a Sec-WebSocket-Key of 17 bytes", "SHOULD", replaced(KEY, Buffer.alloc(17, 7).toString("base64"))),
  key("a Sec-WebSocket-Key that is no base64", "SHOULD", replaced(KEY, "!!!!!!!!!!!!!!!!!!!!!!==")),
  key("two Sec-WebSocket-Key headers", "SHOULD", (ordinary) => [
    ...ordinary,
    [KEY, Buffer.alloc(16, 7).toString("base64")],
  ]),
];

const version = (name: string, headers: BadRequest["request"]["headers"]): BadRequest => ({
  name,
  level: "MUST",
  refusal: "4xx",
  request: headers === undefined ? {} : { headers },
  mend: "Refuse other versions by 426 with `Sec-WebSocket-Version: 13` (RFC 6455 section 4.4).",
});

const BAD_VERSIONS: readonly BadRequest[] = [
  version("Sec-WebSocket-Version: 12", replaced(VERSION, "12")),
  version("Sec-WebSocket-Version: 14", replaced(VERSION, "14")),
  version("no Sec-WebSocket-Version", without(VERSION)),
];

const plain = (
  name: string,
  request: BadRequest["request"],
  level: BadRequest["level"] = "MUST",
): BadRequest => ({
  name,
  level,
  refusal: "any",
  request,
  mend: "Upgrade only a GET of HTTP/1.1 whose Upgrade header says websocket and whose Connection header says upgrade.",
});

const NO_UPGRADES: readonly BadRequest[] = [
  plain("a POST", { method: "POST" }),
  plain("no Upgrade header", { headers: without("Upgrade") }),
  plain("Upgrade: h2c", { headers: replaced("Upgrade", "h2c") }),
  plain("no Connection header", { headers: without("Connection") }),
  plain("Connection: keep-alive", { headers: replaced("Connection", "keep-alive") }),
];

const OLD_HTTP: readonly BadRequest[] = [plain("HTTP/1.0", { httpVersion: "1.0" }, "SHOULD")];

function refusalCheck(id: string, requests: readonly BadRequest[]): Check {
  return {
    id,
    async run(context) {
      const unanswered = new Set<string>();
      const doubtful = new Set<BadRequest>(requests.filter(({ level }) => level === "SHOULD"));
      const play = (label: string, examples: readonly BadRequest[], verdict: "fail" | "warn") =>
        runProperty(context, {
          label,
          examples,
          show: ({ name }) => name,
          script: async (bad, scene) => {
            const outcome = await tryRequest(context, scene, bad, unanswered);
            if (outcome.verdict !== "warn" || verdict === "warn") return outcome;
            doubtful.add(bad);
            return { verdict: "pass" };
          },
        });
      const words = () => ({
        pass: `refused: ${requests.map(({ name }) => name).join("; ")}`,
        notes: unanswered.size === 0 ? [] : [`ended without an HTTP status: ${[...unanswered].join("; ")}`],
      });
      // What is wrong comes before what is doubtful: a warning must not hide a failure.
      const musts = requests.filter(({ level }) => level === "MUST");
      const must = await play("request", musts, "fail");
      if (musts.length > 0 && (must.failure !== undefined || must.passed === 0))
        return resultOf(must, words());
      const should = await play("doubtful request", [...doubtful], "warn");
      const decides = musts.length === 0 || should.failure !== undefined || should.flaky !== undefined;
      const result = resultOf(decides ? should : must, words());
      return { ...result, cases: must.cases + should.cases };
    },
  };
}

async function tryRequest(
  context: CheckContext,
  scene: Case,
  bad: BadRequest,
  unanswered: Set<string>,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const patience = responsePatience(context);
  const tester = await scene.connect({ bare: true, request: bad.request, handshakeMs: patience });
  const { handshake } = tester;
  if (handshake.kind === "unreachable") throw new SubjectGone(handshake.message);
  const fault = faultOf(bad, tester, patience);
  tester.destroy();
  if (endedUnanswered(tester)) unanswered.add(bad.name);
  const after = await ordinaryWitness(context, scene);
  return fault ?? after ?? { verdict: "pass" };
}

function faultOf(
  bad: BadRequest,
  tester: Awaited<ReturnType<Case["connect"]>>,
  patience: number,
): CaseOutcome | undefined {
  const { handshake } = tester;
  const wanted = bad.refusal === "4xx" ? "a 4xx status" : "any answer but 101";
  const failed = (verdict: "fail" | "warn", reason: string): CaseOutcome => ({
    verdict,
    reason,
    expected: `${wanted} to a request with ${bad.name}`,
    got: reactionOf(tester),
    mend: bad.mend,
  });
  if (handshake.kind === "accepted") {
    return failed(bad.level === "MUST" ? "fail" : "warn", `${bad.name}: the upgrade was accepted`);
  }
  if (bad.refusal === "any") return undefined;
  if (handshake.kind === "timeout") {
    return failed("warn", `${bad.name}: no answer within ${Math.round(patience)} ms`);
  }
  if (handshake.kind === "broken" && !endedUnanswered(tester)) {
    return failed("warn", `${bad.name}: the answer is no HTTP response`);
  }
  if (handshake.kind !== "refused") return undefined;
  const { status, headers } = handshake.response;
  if (status < 400 || status > 499) {
    return failed("warn", `${bad.name}: refused, but by a status that names another reason`);
  }
  const versions = (headers["sec-websocket-version"] ?? "").split(",").map((one) => one.trim());
  if (status === 426 && bad.name.includes(VERSION) && !versions.includes("13")) {
    return {
      verdict: "fail",
      reason: `${bad.name}: a 426 that does not say which version is spoken`,
      expected: "Sec-WebSocket-Version: 13 beside the status 426",
      got: `${handshake.response.statusLine}, Sec-WebSocket-Version: ${headers["sec-websocket-version"] ?? "none"}`,
      mend: bad.mend,
    };
  }
  return undefined;
}

/** All checks of this file. */
export const refusedHandshakes: readonly Check[] = [
  refusalCheck("S-HS-02", BAD_KEYS),
  refusalCheck("S-HS-03", BAD_VERSIONS),
  refusalCheck("S-HS-04", NO_UPGRADES),
  refusalCheck("S-HS-11", OLD_HTTP),
];
