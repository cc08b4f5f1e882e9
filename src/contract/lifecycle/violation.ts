/** What a violation says to the author of the server: what happened, in which state, what would have been legal. */

import type { Endpoint } from "../contract.js";
import { valueAt } from "../pointer.js";
import type { Deadline } from "./configuration.js";
import { type Instance, statesOf } from "./instance.js";
import type { LifecycleViolation, ReceivedFrame } from "./lifecycle-monitor.js";

/** The part of a violation that depends on the rule. */
export type Fault = Pick<LifecycleViolation, "clause" | "message" | "expected" | "got">;

/** The classes that a refusal may have; several where the document lists a code twice, or declares none. */
export interface RefusalCode {
  readonly classes: ReadonlySet<"payload" | "state" | "other">;
  /** ` with code "x"`, or nothing. */
  readonly text: string;
}

// Enough instances to understand a fault of the whole connection.
const MAX_SHOWN = 32;

/** A whole violation; `instance` is absent where the rule concerns the connection. */
export function violationOf(
  endpoint: Endpoint,
  instance: Instance | undefined,
  all: readonly Instance[],
  what: Fault & { readonly atMs: number },
): LifecycleViolation {
  const concerned = instance === undefined ? all.slice(0, MAX_SHOWN) : [instance];
  return {
    ...(instance === undefined ? {} : { lifecycle: instance.automaton.lifecycle.name }),
    ...(instance?.key === undefined ? {} : { key: instance.key }),
    ...what,
    states: [...new Set(concerned.flatMap(statesOf))],
    legal: [...new Set(concerned.flatMap((one) => legalEvents(endpoint, one)))],
  };
}

/** The class of a refusal, from its code. */
export function refusalCode(endpoint: Endpoint, payload: unknown): RefusalCode {
  const { reject } = endpoint.protocol;
  if (reject?.code === undefined) return { classes: new Set(["payload", "state", "other"]), text: "" };
  const code = valueAt(payload, reject.code);
  const classes = new Set<"payload" | "state" | "other">();
  if (typeof code === "string" && reject.payload.includes(code)) classes.add("payload");
  if (typeof code === "string" && reject.state.includes(code)) classes.add("state");
  if (classes.size === 0) classes.add("other");
  return { classes, text: ` with code ${JSON.stringify(code) ?? "(none)"}` };
}

/** An event that no configuration explains. */
export function unexpectedEvent(
  endpoint: Endpoint,
  instance: Instance,
  frame: ReceivedFrame,
  got: string,
): Fault {
  const legal = legalEvents(endpoint, instance);
  return {
    clause: "event",
    message: `Event ${frame.names.join(" or ")} came in ${listed(statesOf(instance))}, where it is not legal.`,
    expected: legal.length === 0 ? "no event" : `one of ${legal.join(", ")}`,
    got,
  };
}

/** A clock ran out in every configuration. */
export function silentServer(
  endpoint: Endpoint,
  instance: Instance,
  reason: Deadline["reason"],
  answerMs: number,
): Fault {
  const states = listed(statesOf(instance));
  const legal = legalEvents(endpoint, instance).join(", ");
  switch (reason) {
    case "close":
      return {
        clause: "close",
        message: "The server did not close the connection after the command that ends it.",
        expected: `a close in ${Math.round(answerMs)} ms`,
        got: "no close",
      };
    case "answer": {
      const commands = instance.configurations.flatMap(({ pending }) => pending.map(({ move }) => move.name));
      const shown = legal === "" ? "" : `, or what shows that it was taken (${legal})`;
      return {
        clause: "answer",
        message: `Command ${[...new Set(commands)].join(" or ")} was neither taken nor refused in ${states}.`,
        expected: `${refusalName(endpoint)}${shown}, in ${Math.round(answerMs)} ms`,
        got: "nothing",
      };
    }
    case "obligation":
      return {
        clause: "obligation",
        message: `The server did not go on from ${states} in time.`,
        expected: `one of ${legal}`,
        got: "nothing",
      };
  }
}

/** A refusal that removes nothing. */
export function causelessRefusal(frame: ReceivedFrame, code: RefusalCode): Fault {
  return {
    clause: "refusal",
    message: `A refusal${code.text} came, and nothing that was sent is refused by it.`,
    expected: code.classes.has("payload")
      ? "one refusal with a payload code for each frame that does not decode, and no other"
      : code.classes.has("state")
        ? "one refusal for each command that its state does not allow, and none of one that it allows"
        : "a refusal for each refused command, and no other",
    got: `${frame.names.join(" or ")}${code.text}`,
  };
}

/** A frame that does not decode, without its refusal. */
export function unrefusedFrame(endpoint: Endpoint, closes: boolean, answerMs: number): Fault {
  return {
    clause: "undecodable",
    message: "A frame that does not decode was not refused.",
    expected: `${refusalName(endpoint)} with a payload code${closes ? ", or a close," : ""} in ${Math.round(answerMs)} ms`,
    got: "nothing",
  };
}

/** A close for which there is no reason. */
export function unexplainedClose(code: number | undefined): Fault {
  return {
    clause: "close",
    message: "The server closed the connection, and nothing explains it.",
    expected: "the connection stays open",
    got: code === undefined ? "a close" : `a close with code ${code}`,
  };
}

/** The close of `$closed` with a code whose cause is not `done`; undefined where it is right, or nothing is declared. */
export function wrongCloseCode(endpoint: Endpoint, code: number | undefined): Fault | undefined {
  const { closeCodes, protocol } = endpoint;
  if (code === undefined || closeCodes === undefined || protocol.transport === "socket.io") return undefined;
  const done = Object.entries(closeCodes)
    .filter(([, { cause, by }]) => cause.includes("done") && by !== "client")
    .map(([text]) => Number(text));
  if (done.length === 0 || done.includes(code)) return undefined;
  return {
    clause: "close",
    message: "The server closed the connection as it was told to, with another code than the contract says.",
    expected: `code ${done.join(" or ")}`,
    got: `code ${code}`,
  };
}

/** Events that some transition from a state that the instance may be in is on. */
export function legalEvents(endpoint: Endpoint, instance: Instance): string[] {
  const events = new Set(endpoint.events.map(({ name }) => name));
  const legal = statesOf(instance).flatMap((state) => instance.automaton.from(state));
  return [...new Set(legal)].filter((name) => events.has(name));
}

function refusalName(endpoint: Endpoint): string {
  return endpoint.protocol.reject?.message ?? "a refusal";
}

function listed(states: readonly string[]): string {
  return states.length === 1 ? `state ${states[0]}` : `one of the states ${states.join(", ")}`;
}
