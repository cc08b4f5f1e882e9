/** S-HS-08: values of query, headers and address that the document does not allow are refused. */
import type { Case, Check, CheckContext, ConnectOptions, Tester } from "../check.js";
import { endOf } from "../exchange.js";
import { SubjectGone } from "../interruption.js";
import { type CaseOutcome, resultOf, runProperty } from "../property.js";
import { ordinaryWitness, reactionOf, without } from "./handshake-script.js";
import { type BadValue, badValues, showBadValue } from "./handshake-values.js";

/** Causes of close codes that refuse such a value. */
const CAUSES: readonly string[] = ["bad-parameter", "not-found"];

/** Bad values are refused, or closed at once with the declared code. */
const parameterCheck: Check = {
  id: "S-HS-08",
  async run(context) {
    const { examples, arbitrary } = await badValues(context);
    const tried = { parameters: 0, unreachable: new Set<string>() };
    const most = context.profile.maxKinds;
    const property = await runProperty(context, {
      label: "bad value",
      examples: examples.slice(0, most),
      ...(arbitrary === undefined ? {} : { arbitrary }),
      show: showBadValue,
      script: (bad, scene) => tryValue(context, scene, bad, tried.unreachable),
    });
    const left = examples.length - most;
    const notes = [
      ...(left > 0 ? [`${left} kinds of bad values left out under the profile ${context.profile.name}`] : []),
      ...[...tried.unreachable].map((name) => `{${name}} not tried: the URL has a path of its own`),
    ];
    if (examples.length === 0 && arbitrary === undefined) {
      return {
        verdict: "not-applicable",
        reason:
          "the document declares no value of the handshake that could be broken (no enum, type or pattern)",
        cases: 0,
      };
    }
    return resultOf(property, { pass: `${property.passed} bad values were refused, one at a time`, notes });
  },
};

async function tryValue(
  context: CheckContext,
  scene: Case,
  bad: BadValue,
  unreachable: Set<string>,
): Promise<CaseOutcome> {
  const ordinary = await scene.connect({ bare: true });
  const { target } = ordinary;
  ordinary.close(1000);
  const before = await ordinaryWitness(context, scene);
  if (before !== undefined) return before;
  const tester = await scene.connect({ bare: true, ...bent(bad, target) });
  if (bad.where === "parameter" && tester.target === target) {
    unreachable.add(bad.name);
    return {
      verdict: "inconclusive",
      reason: `the URL has a path of its own: {${bad.name}} cannot be changed`,
    };
  }
  if (tester.handshake.kind === "unreachable") throw new SubjectGone(tester.handshake.message);
  const fault = await faultOf(context, tester, bad);
  tester.close(1000);
  // Without a fault the value must be what was refused: the ordinary one still is not.
  return fault ?? (await ordinaryWitness(context, scene)) ?? { verdict: "pass" };
}

function bent(bad: BadValue, ordinary: string): ConnectOptions {
  const { where, name, value } = bad;
  if (where === "parameter") return { parameters: { [name]: value ?? "" } };
  if (where === "header") {
    return value === undefined ? { request: { headers: without(name) } } : { headers: { [name]: value } };
  }
  const [path = "/", search = ""] = ordinary.split("?", 2);
  const query = new URLSearchParams(search);
  if (value === undefined) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  return { request: { target: text === "" ? path : `${path}?${text}` } };
}

async function faultOf(
  context: CheckContext,
  tester: Tester,
  bad: BadValue,
): Promise<CaseOutcome | undefined> {
  const { closeCodes } = context.endpoint;
  const { handshake } = tester;
  const codes = Object.entries(closeCodes ?? {})
    .filter(([, { cause }]) => [cause].flat().some((one) => CAUSES.includes(one)))
    .map(([code]) => Number(code));
  const close = codes.length === 0 ? "a close that says so" : `a close with ${codes.join(" or ")}`;
  const expected = `no 101, or at once ${close}: ${bad.label}`;
  const mend =
    "Check query, headers and address against the document before the connection is used, and refuse what does not fit.";
  const failed = (verdict: "fail" | "warn", got: string): CaseOutcome => ({ verdict, expected, got, mend });
  if (handshake.kind === "timeout") return failed("warn", reactionOf(tester));
  if (handshake.kind !== "accepted") return undefined;
  const patience = context.answerMs + context.lagMs();
  const end = await tester.ended(patience);
  if (end === undefined) {
    const got = `101, and the connection is still open after ${Math.round(patience)} ms`;
    return failed("fail", got);
  }
  if (end.how !== "close" || end.code === undefined) {
    // Socket.IO refuses by a packet of its own, which has no code; an end without a word names no reason.
    return codes.length === 0 || context.endpoint.protocol.transport === "socket.io"
      ? undefined
      : failed("warn", endOf(tester));
  }
  if (codes.includes(end.code)) return undefined;
  if (codes.length === 0) return end.code === 1000 ? failed("warn", endOf(tester)) : undefined;
  return failed("fail", endOf(tester));
}

/** All checks of this file. */
export const parameterChecks: readonly Check[] = [parameterCheck];
