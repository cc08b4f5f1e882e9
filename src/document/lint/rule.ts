/** What a lint rule is, and what it sees. */

import type { Contract, Direction, Endpoint, Lifecycle, Message } from "../../contract/contract.js";
import type { Finding, Severity } from "../finding.js";
import { findingAt, type Place } from "../place.js";

/** A compiled document under the eyes of lint. */
export interface LintContext {
  readonly contract: Contract;
  /** The document in the shape of AsyncAPI 3. */
  readonly root: Place;
  /** Where each part of the contract was written: endpoints, messages, examples, lifecycles, transitions, … */
  readonly places: ReadonlyMap<object, Place>;
}

/** One rule. It reports, it never throws, and it changes nothing. */
export interface LintRule {
  /** Stable, in words, as printed; `docs/rules/<name>.md` is its page. */
  readonly name: string;
  /** What a document that keeps it is like, in one sentence. */
  readonly says: string;
  check(context: LintContext): Finding[];
}

/** What a rule has to say about a part of the contract. */
export interface Remark {
  readonly severity: Severity;
  readonly message: string;
  readonly mend: string;
  /** See {@link Finding.detail}. */
  readonly detail?: string;
}

/** What `check` finds in the commands, then in the events, of each endpoint. */
export function eachDirection(
  { contract }: LintContext,
  check: (endpoint: Endpoint, direction: Direction) => readonly Finding[],
): Finding[] {
  return contract.endpoints.flatMap((endpoint) => [
    ...check(endpoint, "command"),
    ...check(endpoint, "event"),
  ]);
}

/** A finding at the place where a part of the contract was written; one without a place stands at the document. */
export function remarkOn(context: LintContext, rule: string, part: object, remark: Remark): Finding {
  const place = context.places.get(part) ?? context.root;
  const finding = findingAt(place, rule, remark.severity, remark.message, remark.mend);
  return remark.detail === undefined ? finding : { ...finding, detail: remark.detail };
}

/** Every message of the contract with its endpoint and direction; one that travels both ways comes twice. */
export function allMessages(contract: Contract): {
  readonly endpoint: Endpoint;
  readonly direction: "command" | "event";
  readonly message: Message;
}[] {
  return contract.endpoints.flatMap((endpoint) => [
    ...endpoint.commands.map((message) => ({ endpoint, direction: "command" as const, message })),
    ...endpoint.events.map((message) => ({ endpoint, direction: "event" as const, message })),
  ]);
}

/** Every lifecycle of the contract with its endpoint. */
export function allLifecycles(
  contract: Contract,
): { readonly endpoint: Endpoint; readonly lifecycle: Lifecycle }[] {
  return contract.endpoints.flatMap((endpoint) =>
    endpoint.lifecycles.map((lifecycle) => ({ endpoint, lifecycle })),
  );
}

// A list that is read, not counted.
const SHOWN = 6;

/** Messages by name, as a sentence can hold them. */
export function listed(messages: readonly Pick<Message, "name">[]): string {
  const names = messages.map((message) => `\`${message.name}\``);
  if (names.length <= SHOWN) return names.join(", ");
  return [...names.slice(0, SHOWN), `${names.length - SHOWN} more`].join(", ");
}
