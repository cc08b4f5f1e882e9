/** C-HS-04: a handshake that is refused is an unclean end, whatever the status; C-SE-02: and no way to credentials. */
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { within } from "../time.js";
import type { Attempt, ClientCase, ClientCheck, ClientContext, UpgradeRequest } from "./check.js";
import { witnessFirst } from "./failing.js";
import { tooLate } from "./meeting.js";
import { firstDelay, nextAttempt, type ScaledWindow } from "./reconnecting.js";
import { pongWitness } from "./witness.js";

/** A response that is no 101. */
interface Refused {
  readonly status: number;
  /** Seconds that the response asks to wait. */
  readonly retryAfter?: number;
}

const STATUSES = [200, 301, 401, 403, 404, 426, 500, 503] as const;

/** A `Retry-After` that is longer than this is not waited for (milliseconds). */
const MAX_RETRY_MS = 20_000;

/** C-HS-04. */
const refusedUpgrades: ClientCheck = {
  id: "C-HS-04",
  safe: true,
  shortestMs: (context) => firstDelay(context)?.maxMs ?? 0,
  async run(context) {
    const missing = await witnessFirst(context);
    if (missing !== undefined) return missing;
    const window = firstDelay(context);
    const asked =
      window === undefined || context.mode === "browser" ? undefined : retryAfter(context, window);
    const all: readonly Refused[] = [
      ...STATUSES.map((status) => ({ status })),
      ...(asked === undefined ? [] : [{ status: 503, retryAfter: asked }]),
    ];
    const property = await runProperty(context, {
      label: "refused",
      // One that somebody has to start by hand comes back more and more slowly.
      examples: context.mode === "attach" ? all.slice(-1) : all,
      show: ({ retryAfter: after, status }) =>
        after === undefined ? `${status}` : `${status}, Retry-After: ${after}`,
      waits: true,
      script: (one, scene: ClientCase) => refuse(context, scene, one, window),
    });
    return resultOf(property, {
      pass:
        window === undefined
          ? "no frame followed a refusal, whatever its status"
          : "a refused handshake was retried like an unclean end, whatever its status",
      notes: [
        ...(window === undefined ? ["no policy is declared: whether it is retried was not judged"] : []),
        ...(context.mode === "browser" ? ["a page cannot see Retry-After: it was not looked for"] : []),
      ],
    });
  },
};

/** Seconds that are longer than the declared delay: the lower bound shows. */
function retryAfter(context: ClientContext, { maxMs }: ScaledWindow): number | undefined {
  const seconds = Math.ceil(maxMs / retryMs(context, 1) + 0.5);
  return retryMs(context, seconds) > MAX_RETRY_MS ? undefined : seconds;
}

/** Seconds of a response are real ones, unless the client's own clock runs faster (milliseconds of the wall). */
function retryMs({ lever, scaled }: ClientContext, seconds: number): number {
  const ms = seconds * 1000;
  return lever === "faketime" || lever === "clock" ? scaled(ms) : ms;
}

async function refuse(
  context: ClientContext,
  scene: ClientCase,
  { retryAfter: after, status }: Refused,
  window: ScaledWindow | undefined,
): Promise<CaseOutcome> {
  const attempt = await request(context, scene);
  if (attempt === undefined) return NO_REQUEST;
  // Before it is written: the client may have it before we are told that it is.
  const since = scene.now();
  await attempt.refuse(status, after === undefined ? [] : [["Retry-After", `${after}`]], "refused\n");
  await attempt.ended(window === undefined ? context.answerMs : 0);
  if (window === undefined) return framesBehind(attempt, status) ?? { verdict: "pass" };
  const bound = after === undefined ? 0 : retryMs(context, after);
  const due = { minMs: Math.max(window.minMs, bound), maxMs: Math.max(window.maxMs, bound) };
  // A client may add its own delay to the server's, or take the longer of the two.
  const arrival = await nextAttempt(
    context,
    scene,
    { ...due, maxMs: due.maxMs + (bound && window.maxMs) },
    since,
  );
  const behind = framesBehind(attempt, status);
  if (behind !== undefined) return behind;
  if (arrival.kind !== "due") {
    const { outcome } = arrival;
    if (outcome.verdict !== "fail") return outcome;
    const asked = after === undefined ? "" : ` and Retry-After: ${after}`;
    return {
      ...outcome,
      reason: `after ${status}${asked} ${outcome.reason ?? outcome.got}`,
      mend: "Take any response but 101 for an unclean end: wait the declared delay, or Retry-After where that is longer, and connect again.",
    };
  }
  const peer = await arrival.attempt.accept();
  if (peer === undefined) return { verdict: "inconclusive", reason: "the client gave up its next attempt" };
  const witness = await pongWitness(context, scene, peer);
  if (witness.ok) return { verdict: "pass" };
  // On a late machine a right answer may come when the client has given the attempt up.
  const patience = context.endpoint.reconnect?.connectTimeoutMs;
  if (patience !== undefined && !context.canTime(context.scaled(patience))) return tooLate(context);
  return {
    verdict: "fail",
    reason: `the attempt after ${status} led to no connection`,
    expected: witness.expected,
    got: witness.got,
  };
}

const NO_REQUEST: CaseOutcome = {
  verdict: "untestable",
  reason: "no witness: the client made no request",
};

async function request(context: ClientContext, scene: ClientCase): Promise<Attempt | undefined> {
  await scene.launch();
  const attempt = await scene.attempt(context.launchMs);
  return (await attempt?.request) === undefined ? undefined : attempt;
}

function framesBehind({ earlyBytes }: Attempt, status: number): CaseOutcome | undefined {
  if (earlyBytes === 0) return undefined;
  return {
    verdict: "fail",
    reason: `bytes followed the response ${status}`,
    expected: "no frame on a connection that was refused",
    got: `${earlyBytes} bytes`,
    mend: "Send nothing where the response is no 101 (RFC 6455 section 4.1).",
  };
}

/** How the server redirects, and as what it writes the address. */
const REDIRECTS = [
  { status: 301, scheme: "http" },
  { status: 302, scheme: "ws" },
  { status: 307, scheme: "http" },
  { status: 308, scheme: "ws" },
] as const;

/** Headers that hold a credential wherever they stand. */
const CREDENTIALS: readonly string[] = ["authorization", "proxy-authorization", "cookie"];

/** C-SE-02. */
const redirects: ClientCheck = {
  id: "C-SE-02",
  safe: true,
  async run(context) {
    const missing = await witnessFirst(context);
    if (missing !== undefined) return missing;
    let followed = 0;
    const property = await runProperty(context, {
      label: "redirect",
      examples: context.mode === "attach" ? REDIRECTS.slice(0, 1) : REDIRECTS,
      show: ({ scheme, status }) => `${status} to ${scheme}:`,
      waits: true,
      script: (one, scene: ClientCase) =>
        redirect(context, scene, one, () => {
          followed += 1;
        }),
    });
    return resultOf(property, {
      pass: "no credential was sent where a response redirected to",
      notes: [followed === 0 ? "no redirect was followed" : `${followed} redirects were followed`],
    });
  },
};

async function redirect(
  context: ClientContext,
  scene: ClientCase,
  { scheme, status }: (typeof REDIRECTS)[number],
  followed: () => void,
): Promise<CaseOutcome> {
  const attempt = await request(context, scene);
  const asked = attempt?.requested;
  if (attempt === undefined || asked === undefined) return NO_REQUEST;
  const other = await scene.elsewhere();
  const { host, pathname } = new URL(other.url);
  await attempt.refuse(status, [["Location", `${scheme}://${host}${pathname}`]]);
  const until = scene.now() + context.quietMs();
  while (other.attempts.length === 0 && scene.now() < until) await scene.wait(LOOK_MS);
  const [there] = other.attempts;
  if (there === undefined) return { verdict: "pass" };
  followed();
  const found = await within(there.request, context.answerMs);
  const secrets = secretsOf(context, asked);
  const leaked = found === undefined ? undefined : [...secrets].find(([, value]) => saysIt(found, value));
  if (leaked !== undefined) {
    return {
      verdict: "fail",
      reason: `a credential followed the redirect ${status}`,
      expected: "a request to the other host without the credentials of the first one",
      got: `the same value of ${leaked[0]} there`,
      mend: "Follow no redirect of a handshake, or leave Authorization, Cookie and every token behind where the host is another one.",
    };
  }
  if (secrets.size > 0) return { verdict: "pass" };
  return {
    verdict: "inconclusive",
    reason: "the redirect was followed, but the client has no credential that could be sent",
  };
}

/** How often the other port is looked at (milliseconds). */
const LOOK_MS = 20;

/** What of a request may be a credential, by where it stands. */
function secretsOf({ endpoint }: ClientContext, { headers, target }: UpgradeRequest): Map<string, string> {
  const declared = propertiesOf(endpoint.headers).map((name) => name.toLowerCase());
  const keys = endpoint.security.flatMap(({ parameter }) => parameter?.toLowerCase() ?? []);
  const secrets = new Map<string, string>();
  for (const name of new Set([...CREDENTIALS, ...declared, ...keys])) {
    const value = headers[name];
    if (value !== undefined && value !== "") secrets.set(`the header ${name}`, value);
  }
  for (const [name, value] of new URL(target, "ws://host").searchParams) {
    if (value.length >= MIN_SECRET) secrets.set(`the parameter ${name}`, value);
  }
  return secrets;
}

/** Shorter values of a query are found by chance. */
const MIN_SECRET = 6;

function propertiesOf(schema: ClientContext["endpoint"]["headers"]): string[] {
  const properties = typeof schema === "object" ? schema["properties"] : undefined;
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

function saysIt({ headerLines, target }: UpgradeRequest, value: string): boolean {
  const texts = [target, decodeURIComponent(target), ...headerLines.map((line) => line.value)];
  return texts.some((text) => text.includes(value));
}

/** Both checks. */
export const refusedUpgradeChecks: readonly ClientCheck[] = [refusedUpgrades, redirects];
