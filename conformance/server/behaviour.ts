/** What became of commands on a connection, reduced to what two ways of sending them must have in common. */

import type { Invariant, Json } from "../../src/contract/contract.js";
import { valueAt } from "../../src/contract/pointer.js";
import { canonicalJson } from "../../src/contract/same-json.js";
import type { CheckContext, ReceivedMessage } from "../check.js";
import { excerpt } from "../judge.js";
import { type StatesNow, statesOf } from "./equal-states.js";
import type { ProbeCommand } from "./equivalent.js";
import type { Walk } from "./walker.js";

/** What became of a probe, as far as it can be compared. */
export interface Behaviour {
  /** Codes of the refusals, in their order; `null` where a refusal has none. */
  readonly refusals: readonly Json[];
  /** How the subject ended the connection, if it did. */
  readonly end?: string;
  /** Why nothing can be compared: the connection was given up for the kit's silence, or either answer is right. */
  readonly doubt?: string;
  readonly states: StatesNow;
  /** Values of ours that came back: `"pong" at /token: "t1"`. */
  readonly echoed: ReadonlySet<string>;
  /** What the exchange misses. */
  readonly issue?: { readonly expected: string; readonly got: string };
  /** The last event, for a reader. */
  readonly last: string;
}

/** The events that the document declares as replies to a command, acknowledgements left out. */
export function repliesTo(context: CheckContext, command: string): readonly string[] {
  return context.endpoint.operations.flatMap(({ action, messages, reply }) =>
    action === "receive" && messages.includes(command) && reply !== undefined && !reply.ack
      ? reply.messages
      : [],
  );
}

/** True for an event that refuses. */
export function isRefusal(context: CheckContext, message: ReceivedMessage): boolean {
  return context.judge.refusalOf(message.names, message.payload) !== undefined;
}

/** What has become of the commands that were sent, by the events from index `from` on. */
export function behaviourOf(
  { context, tester, identifiers }: Walk,
  sent: readonly ProbeCommand[],
  from: number,
): Behaviour {
  const messages = tester.messages.slice(from);
  const spontaneous = context.endpoint.protocol.reject?.spontaneous === true;
  const refusals = messages.flatMap((message): Json[] => {
    const refusal = context.judge.refusalOf(message.names, message.payload);
    if (refusal === undefined) return [];
    // One that may come unasked, and says nothing of a command, may be about something else.
    if (spontaneous && refusal.class !== "payload" && refusal.class !== "state") return [];
    return [asJson(refusal.code)];
  });
  // A FIN or RST may overtake a Close frame, and reasons are free text.
  const { end } = tester;
  const ended = end?.by !== "subject" ? undefined : `closed (${end.code ?? "no code"})`;
  return {
    refusals,
    ...(ended === undefined ? {} : { end: ended }),
    states: statesOf(context.endpoint, tester, identifiers),
    echoed: echoedIn(context, sent, messages, identifiers),
    last: messages.length === 0 ? "no event" : excerpt(messages.at(-1)?.text ?? ""),
  };
}

/** Values that were sent at a correlation id or in a field that an invariant says is echoed, and came back there. */
function echoedIn(
  { endpoint }: CheckContext,
  sent: readonly ProbeCommand[],
  messages: readonly ReceivedMessage[],
  identifiers: readonly string[],
): ReadonlySet<string> {
  const found = new Set<string>();
  const show = (value: unknown): string =>
    identifiers.reduce((text, id, index) => text.replaceAll(id, `‹id ${index + 1}›`), canonicalJson(value));
  const look = (events: readonly string[], field: string, values: readonly unknown[]): void => {
    const known = new Set(values.filter((value) => value !== undefined).map(show));
    for (const { names, payload } of messages) {
      const name = names.find((one) => events.includes(one));
      const value = name === undefined ? undefined : valueAt(payload, field);
      if (value !== undefined && known.has(show(value))) found.add(`"${name}" at ${field}: ${show(value)}`);
    }
  };
  const correlations = sent.map(({ name, payload }) => {
    const pointer = endpoint.commands.find((one) => one.name === name)?.correlation;
    return pointer === undefined ? undefined : valueAt(payload, pointer);
  });
  for (const { name, correlation } of endpoint.events) {
    if (correlation !== undefined) look([name], correlation, correlations);
  }
  for (const invariant of endpoint.invariants) {
    if (invariant.kind === "echoes") look(invariant.on, invariant.field, sourcesOf(invariant, sent));
  }
  return found;
}

function sourcesOf({ command = [], from }: Invariant, sent: readonly ProbeCommand[]): unknown[] {
  if (from === undefined) return [];
  return sent.flatMap(({ name, payload }) => (command.includes(name) ? [valueAt(payload, from)] : []));
}

/** A code came out of JSON.parse: it is Json, or absent. */
function asJson(code: unknown): Json {
  return code === undefined ? null : (code as Json);
}
