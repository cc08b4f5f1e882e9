/** S-HS-10: requests that never end: others are served meanwhile, and the unfinished ones are let go in time. */
import type { Case, Check, CheckContext, ConnectOptions } from "../check.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { ordinaryWitness, reactionOf, responsePatience } from "./handshake-script.js";

/** After so long an unfinished request should have been let go (milliseconds): no contract declares it. */
const LIMIT_MS = 120_000;

/** How often others are tried while the server waits for the end of a request (milliseconds). */
const MEANWHILE_MS = 2000;

/** Bytes of headers that many servers refuse, and so many that no server should take: Go's limit is half of it. */
const HEADER_BYTES = 64 * 1024;
const MOST_BYTES = 2 * 1024 * 1024;

interface Unfinished {
  readonly name: string;
  readonly options: ConnectOptions;
  /** The request is whole: it may be taken as it is, or should be refused for its size. */
  readonly whole?: "may be taken" | "must not be";
}

const filled = (bytes: number): NonNullable<ConnectOptions["request"]> => ({
  headers: (ordinary) => [
    ...ordinary,
    ...Array.from({ length: bytes / 1024 }, (_, index) => [`X-Filler-${index}`, "x".repeat(1024)] as const),
  ],
});

const UNFINISHED: readonly Unfinished[] = [
  { name: "half a request, then silence", options: { chunks: { cuts: [], pauseMs: 0, upTo: -40 } } },
  {
    name: "64 kB of headers without their end",
    options: { chunks: { cuts: [], pauseMs: 0, upTo: -4 }, request: filled(HEADER_BYTES) },
  },
  {
    name: "a request with 64 kB of headers",
    options: { request: filled(HEADER_BYTES) },
    whole: "may be taken",
  },
  { name: "a request with 2 MB of headers", options: { request: filled(MOST_BYTES) }, whole: "must not be" },
];

/**
 * The row, with the time after which an unfinished request should have been let go (milliseconds). Where the profile
 * does not wait for so long, only what shows at once is judged, and a note says so.
 */
export function unfinishedHandshakes(limitMs: number): Check {
  return {
    id: "S-HS-10",
    async run(context) {
      const waits = context.profile.waitBudgetMs >= limitMs;
      const fates = new Map<string, string>();
      const property = await runProperty(context, {
        label: "unfinished",
        examples: UNFINISHED,
        show: ({ name }) => name,
        script: (one, scene) =>
          leaveUnfinished(context, scene, one, { limitMs: waits ? limitMs : MEANWHILE_MS, waits, fates }),
      });
      const seconds = Math.round(limitMs / 1000);
      return resultOf(property, {
        pass: `others were served meanwhile; ${[...fates].map(([name, how]) => `${name}: ${how}`).join("; ")}`,
        notes: waits
          ? []
          : [
              `whether an unfinished request is let go within ${seconds} s is only watched under --profile nightly`,
            ],
      });
    },
  };
}

interface Watch {
  readonly limitMs: number;
  /** To the end: what is open then should not be. */
  readonly waits: boolean;
  /** What became of each. */
  readonly fates: Map<string, string>;
}

async function leaveUnfinished(
  context: CheckContext,
  scene: Case,
  { name, options, whole }: Unfinished,
  { limitMs, waits, fates }: Watch,
): Promise<CaseOutcome> {
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const start = scene.now();
  const limit = limitMs + context.graceMs();
  const patience = whole !== undefined ? responsePatience(context) : 2 * limit;
  const tester = await scene.connect({ ...options, bare: true, handshakeMs: patience });
  if (tester.handshake.kind === "accepted" && whole === "may be taken") {
    fates.set(name, "accepted");
    tester.close(1000);
    return (await ordinaryWitness(context, scene)) ?? { verdict: "pass" };
  }
  if (tester.handshake.kind === "accepted") {
    return {
      verdict: "warn",
      reason: `${name} was accepted`,
      expected: `${name} is refused (4xx, best 431), or the connection ended`,
      got: reactionOf(tester),
      mend: "Limit the size of request headers: 8 to 16 kB are enough for any client.",
    };
  }
  do {
    const others = await ordinaryWitness(context, scene);
    if (others !== undefined) {
      return {
        verdict: "fail",
        reason: `others were not served after ${name}`,
        expected: "other connections are served while a request does not end",
        got: others.verdict === "untestable" ? others.reason : others.verdict,
        mend: "Read each connection by itself: what one client does not send must not hold up others.",
        certain: true,
      };
    }
    const left = limit - (scene.now() - start);
    if (tester.end === undefined) await tester.ended(Math.min(MEANWHILE_MS, Math.max(0, left)));
  } while (tester.end === undefined && scene.now() - start < limit);
  const after = Math.round((scene.now() - start) / 100) / 10;
  if (tester.end === undefined && !waits) {
    fates.set(name, `still open after ${after} s`);
    return { verdict: "pass" };
  }
  if (tester.end === undefined) {
    return {
      verdict: "warn",
      reason: `${name}: the connection is still open after ${Math.round(limitMs / 1000)} s`,
      expected: `refused or closed within ${Math.round(limitMs / 1000)} s (RFC 6455 section 10.4 asks for limits)`,
      got: `an open connection after ${after} s`,
      mend: "Set a limit on how long a request may take (in Node: server.headersTimeout).",
    };
  }
  fates.set(name, `${reactionOf(tester)} after ${after} s`);
  return { verdict: "pass" };
}

/** All checks of this file. */
export const unfinishedChecks: readonly Check[] = [unfinishedHandshakes(LIMIT_MS)];
