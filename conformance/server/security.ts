/** Checks of security (S-SE): origins, credentials, other people's resources, and what errors reveal. */

import type { Case, Check, CheckContext, CheckResult, Credentials, Identity } from "../check.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { NO_WITNESS, notApplicable } from "./blame.js";
import { foreignResources } from "./foreign-resources.js";
import { expectRejection } from "./rejection.js";

/** S-SE-01: a browser that comes from elsewhere is not let in. */
const foreignOrigins: Check = {
  id: "S-SE-01",
  async run(context) {
    const { origins = [] } = context.endpoint.protocol;
    const [allowed] = origins;
    if (allowed === undefined || origins.includes("*"))
      return notApplicable("the document lets every origin in");
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const property = await runProperty(context, {
      label: "foreign origin",
      examples: foreignTo(origins),
      show: (origin) => origin,
      script: (origin, scene) =>
        around(context, scene, { origin: allowed }, `from ${allowed}`, () =>
          expectRejection(
            context,
            scene,
            { origin },
            {
              what: `a handshake with the origin ${origin}, which is not listed,`,
              statuses: [403],
              causes: ["forbidden", "unauthorized"],
              mend: "Compare the whole Origin header with the list, before the upgrade, and answer 403 (RFC 6455 section 4.2.2).",
            },
          ),
        ),
    });
    return resultOf(property, { pass: "no foreign origin was let in, and a listed one was served" });
  },
};

/** Origins that are not on the list, among them those that careless comparisons take for one that is. */
export function foreignTo(origins: readonly string[]): string[] {
  const candidates = ["https://evil.wireproof.example", "null"];
  for (const origin of origins.slice(0, 2)) {
    if (!URL.canParse(origin)) continue;
    const { protocol, host } = new URL(origin);
    candidates.push(
      `${origin}.evil.example`,
      `${protocol}//evil-${host}`,
      `${protocol === "https:" ? "http:" : "https:"}//${host}`,
      `https://evil.example/${host}`,
    );
  }
  return candidates.filter((origin) => !origins.includes(origin));
}

/** S-SE-02: without credentials that are good nobody is served. */
const badCredentials: Check = {
  id: "S-SE-02",
  async run(context) {
    const [identity] = context.config.identities;
    if (identity === undefined) {
      return {
        verdict: "untestable",
        reason:
          "no credentials: the document asks for some; give good ones in --config (identities), by --header or by --auth-command",
        cases: 0,
      };
    }
    if (context.witness === undefined) return { verdict: "untestable", reason: NO_WITNESS, cases: 0 };
    const property = await runProperty(context, {
      label: "bad credentials",
      examples: badVersions(context, identity),
      show: ({ what }) => what,
      script: ({ what, credentials }, scene) =>
        around(context, scene, {}, `with the credentials of "${identity.name}"`, () =>
          expectRejection(
            context,
            scene,
            { credentials },
            {
              what: `a connection with ${what}`,
              statuses: [401, 403, 400, 404, 407, 302, 303, 307, 308],
              causes: ["unauthorized", "forbidden"],
              mend: "Check the credentials before the upgrade and answer 401, or close with the declared code before anything is sent.",
            },
          ),
        ),
    });
    const expired = Object.keys(context.config.rejected).length > 0;
    return resultOf(property, {
      pass: "none of them was let in, and good credentials were",
      notes: expired ? [] : ["no expired credentials were tried: --config gives none under `rejected`"],
    });
  },
};

interface BadCredentials {
  readonly what: string;
  readonly credentials: "none" | Credentials;
}

/** None, those that the user says are bad, and the good ones spoilt in three ways. */
function badVersions({ config }: CheckContext, identity: Identity): BadCredentials[] {
  const given = Object.entries(config.rejected).map(
    ([what, credentials]): BadCredentials => ({ what: `${what} credentials`, credentials }),
  );
  const carried = Object.keys({ ...identity.headers, ...identity.query }).length > 0;
  const spoilt = carried
    ? SPOILT.map(([what, spoil]): BadCredentials => ({ what, credentials: spoiltBy(identity, spoil) }))
    : [];
  return [{ what: "no credentials", credentials: "none" }, ...given, ...spoilt];
}

/** All of a value at once: a part of it may be of no account, as the last bits of a base64 text are. */
const SPOILT: readonly (readonly [string, (token: string) => string])[] = [
  ["credentials written backwards", (token) => backwards(token)],
  ["credentials cut in half", (token) => token.slice(0, Math.floor(token.length / 2))],
  ["empty credentials", () => ""],
];

function backwards(token: string): string {
  const reversed = [...token].reverse().join("");
  return reversed === token ? `not-${token}` : reversed;
}

function spoiltBy(identity: Identity, spoil: (token: string) => string): Credentials {
  const each = (pairs: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, spoiltValue(value, spoil)]));
  return { headers: each(identity.headers), query: each(identity.query) };
}

/** What stands behind a scheme (`Bearer`), or behind each `=` of a cookie; else the whole value. */
function spoiltValue(value: string, spoil: (token: string) => string): string {
  const scheme = /^([A-Za-z][\w-]*) +(\S.*)$/.exec(value);
  if (scheme !== null) return `${scheme[1]} ${spoil(scheme[2] ?? "")}`.trimEnd();
  if (/^[^=;\s]+=[^;]*(?:;|$)/.test(value)) {
    return value.replace(/=([^;]*)/g, (_, token: string) => `=${spoil(token)}`);
  }
  return spoil(value);
}

/** A rejection proves something only between two connections that are served. */
async function around(
  context: CheckContext,
  scene: Case,
  good: { readonly origin?: string },
  how: string,
  script: () => Promise<CaseOutcome>,
): Promise<CaseOutcome> {
  const before = await served(context, scene, good);
  if (before !== undefined) {
    return { verdict: "untestable", reason: `no witness: ${context.witness?.what} ${how}: ${before}` };
  }
  const outcome = await script();
  if (outcome.verdict !== "pass") return outcome;
  const after = await served(context, scene, good);
  if (after === undefined) return outcome;
  return {
    verdict: "fail",
    expected: `after the rejection ${context.witness?.what} ${how} works as before`,
    got: after,
    mend: "A client that is rejected must not disturb the others.",
  };
}

/** Why the witness is not given on a connection that is in order; undefined when it is. */
async function served(
  context: CheckContext,
  scene: Case,
  options: { readonly origin?: string },
): Promise<string | undefined> {
  const tester = await scene.connect({ ...options, bare: true });
  if (tester.handshake.kind !== "accepted")
    return `the handshake was not accepted (${tester.end?.status ?? "no response"})`;
  const given = await context.witness?.give(tester, scene);
  const problem = given?.ok === true ? undefined : `expected ${given?.expected}, got ${given?.got}`;
  if (tester.end === undefined) tester.close(1000);
  return problem;
}

/** S-SE-04: judged on every connection by the Tester; here what was seen. */
const silentErrors: Check = {
  id: "S-SE-04",
  passive: true,
  smoke: true,
  safe: true,
  async run({ record }): Promise<CheckResult> {
    const seen = record.judgements.get("S-SE-04") ?? 0;
    const notes = record.notices.get("S-SE-04") ?? [];
    const { cases } = record;
    if (seen === 0) {
      return {
        verdict: "inconclusive",
        reason: "no refusal and no reason of a close came in the whole run",
        cases,
      };
    }
    return {
      verdict: "pass",
      reason: `none of ${seen} errors and reasons holds a stack trace or the path of a file`,
      cases,
      notes,
    };
  },
};

/** All checks of this file. */
export const securityChecks: readonly Check[] = [
  foreignOrigins,
  badCredentials,
  foreignResources,
  silentErrors,
];
