/** C-SE-01: to a server whose certificate is bad no upgrade is sent, and none without TLS. */
import type { CheckResult } from "../check.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import type { BadCertificate, ClientCase, ClientCheck, ClientContext } from "./check.js";
import { witnessFirst } from "./failing.js";
import { firstDelay } from "./reconnecting.js";

const CERTIFICATES: readonly BadCertificate[] = ["self-signed", "expired", "wrong-host"];

/** Longest that a client is watched for a way around (milliseconds). */
const MAX_WATCH_MS = 8000;

/** How often the port is looked at (milliseconds). */
const LOOK_MS = 20;

/** C-SE-01. */
export const untrusted: ClientCheck = {
  id: "C-SE-01",
  safe: true,
  async run(context) {
    const missing = await witnessFirst(context);
    if (missing !== undefined) return missing;
    // Whom a client trusts that runs elsewhere the kit cannot say.
    const isOwn = context.mode !== "browser" && context.mode !== "attach";
    const control = isOwn ? await trusted(context) : undefined;
    if (control !== undefined) return control;
    const results = await Promise.all(CERTIFICATES.map((fault) => under(context, fault)));
    const cases = results.reduce((sum, result) => sum + result.cases, 0);
    const worst =
      results.find(({ verdict }) => verdict === "fail") ?? results.find(({ verdict }) => verdict !== "pass");
    if (worst !== undefined) return { ...worst, cases };
    return {
      verdict: "pass",
      reason: `no upgrade was sent to a server whose certificate is ${CERTIFICATES.join(", ")}`,
      cases,
      ...(isOwn
        ? {}
        : {
            notes: [
              `in mode ${context.mode} the client cannot be told to trust a certificate: that it takes a right one was not seen`,
            ],
          }),
    };
  },
};

/** A client that takes no certificate at all refuses the bad ones for no fault of theirs: it is shown one that it is to trust. */
async function trusted(context: ClientContext): Promise<CheckResult | undefined> {
  return context.inCase(
    "a certificate that nothing is wrong with",
    async (scene) => {
      await scene.launch();
      const until = scene.now() + context.launchMs;
      while (!scene.attempts.some(isAskedOf) && scene.now() < until) await scene.wait(LOOK_MS);
      if (scene.attempts.some((one) => isAskedOf(one) && one.secure === true)) return undefined;
      const reason =
        scene.attempts.length === 0
          ? "the client made no attempt at a wss: address"
          : "the client does not take a right certificate of an authority that it is told to trust (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, WIREPROOF_CA)";
      return { verdict: "untestable", reason: `no witness: ${reason}`, cases: 1 };
    },
    { tls: "right" },
  );
}

/** One kind of certificate, with cases of its own. */
async function under(context: ClientContext, fault: BadCertificate): ReturnType<ClientCheck["run"]> {
  const property = await runProperty(
    {
      ...context,
      inCase: <R>(label: string, script: (scene: ClientCase) => Promise<R>) =>
        context.inCase(label, script, { tls: fault }),
    },
    {
      label: fault,
      examples: [fault],
      waits: true,
      script: (_, scene: ClientCase) => refuses(context, scene, fault),
    },
  );
  return resultOf(property, { pass: "no upgrade was sent" });
}

async function refuses(
  context: ClientContext,
  scene: ClientCase,
  fault: BadCertificate,
): Promise<CaseOutcome> {
  await scene.launch();
  const first = await scene.attempt(context.launchMs);
  if (first === undefined) {
    return { verdict: "inconclusive", reason: "the client made no attempt at a wss: address" };
  }
  // Its next attempt may try another way: it is watched for, too.
  const next = Math.min(MAX_WATCH_MS, firstDelay(context)?.maxMs ?? 0);
  const until = scene.now() + Math.max(context.answerMs, next + context.graceMs());
  while (!scene.attempts.some(isAskedOf) && scene.now() < until) await scene.wait(LOOK_MS);
  const asked = scene.attempts.find(isAskedOf);
  if (asked !== undefined) {
    const open = asked.secure !== true;
    return {
      verdict: "fail",
      reason: open ? "the client fell back to ws:" : "the client trusts any certificate",
      expected: `no upgrade to a server whose certificate is ${fault}`,
      got: `a request ${open ? "without TLS" : "within TLS"}: ${asked.requested?.method} ${asked.requested?.target}`,
      mend: open
        ? "Never leave TLS out where the address is wss:."
        : "Leave the verification of certificates on, in tests too: trust a certificate of your own by its authority.",
    };
  }
  if (scene.attempts.some(({ secure }) => secure === true)) return { verdict: "pass" };
  return { verdict: "inconclusive", reason: "the client began no TLS handshake" };
}

function isAskedOf({ requested }: ClientCase["attempts"][number]): boolean {
  return requested !== undefined;
}
