/** Commands and events that pass each other on the wire, and what comes of it where nobody thought of that. */

import type { Endpoint, Lifecycle } from "../../contract/contract.js";
import { Automaton, CLOSED } from "../../contract/lifecycle/automaton.js";
import type { Finding } from "../finding.js";
import { alphabetOf, changesNothing, type Letter } from "./crossing/alphabet.js";
import { type DrawnAction, drawCourse } from "./crossing/draw.js";
import { type Crossing, type End, exploreCrossings } from "./crossing/explore.js";
import { allLifecycles, type LintContext, type LintRule, remarkOn } from "./rule.js";

const NAME = "crossing";

/**
 * A legal command is taken although an event was on its way, and both ends agree about what came first.
 *
 * Information only where the document has an answer: a refusal that says so, or a next event that tells both.
 */
export const crossing: LintRule = {
  name: NAME,
  says: "Commands and events may pass each other on the wire.",
  check: (context) =>
    allLifecycles(context.contract).flatMap(({ endpoint, lifecycle }) =>
      checkLifecycle(context, endpoint, lifecycle),
    ),
};

function checkLifecycle(context: LintContext, endpoint: Endpoint, lifecycle: Lifecycle): Finding[] {
  const automaton = new Automaton(lifecycle);
  const { definitions } = context.contract;
  const commands = alphabetOf(automaton, endpoint, "command", definitions);
  // An event that leaves everything as it is cannot come too late for anything.
  const events = alphabetOf(automaton, endpoint, "event", definitions).filter(
    (event) => !changesNothing(event),
  );
  if (commands.length === 0 || events.length === 0) return [];
  const { crossings } = exploreCrossings(automaton, commands, events);
  return crossings.map((found) => {
    const part = lifecycle.transitions[found.by] ?? lifecycle;
    const detail = drawCourse(lifecycle.initial, withStates(automaton, found));
    return remarkOn(context, NAME, part, { ...said(endpoint, lifecycle, found), detail });
  });
}

function said(
  { protocol: { reject } }: Endpoint,
  { name }: Lifecycle,
  { command, event, outcome, client, server, heals }: Crossing,
): Pick<Finding, "severity" | "message" | "mend"> {
  const met = `${written(command)} and ${written(event)} of \`${name}\` can pass each other:`;
  if (outcome === "refused") {
    const told = reject !== undefined && (reject.code === undefined || reject.state.length > 0);
    const ways = `let \`${server.state}\` take it (\`to: '='\`), mark it \`may: true\` there, or let it wait under \`queued\``;
    return {
      severity: told ? "info" : "warning",
      message: `${met} the command was legal when it was sent, and \`${server.state}\` does not take it.`,
      mend: told
        ? `Nothing, where clients are ready for \`${reject.message}\`; else ${ways}.`
        : `Declare the refusal that says so (\`x-ws-protocol.reject\`, with \`state\` codes); or ${ways}.`,
    };
  }
  const parted =
    client.state === server.state
      ? `then both are in \`${client.state}\`, and remember different values`
      : `then the client takes the state for \`${client.state}\`, and the server for \`${server.state}\``;
  return {
    severity: heals ? "info" : "warning",
    message: `${met} ${parted}.`,
    mend: heals
      ? "Nothing, where clients wait for the next event: each that may come tells the state."
      : "Let both orders lead to one state, or let an event say in which state the server is before the client relies on it.",
  };
}

/** A message, and how many others meet the same fate. */
function written({ label, alike }: Letter): string {
  return alike.length === 0
    ? `\`${label}\``
    : `\`${label}\` (as ${alike.length} other${alike.length === 1 ? "" : "s"})`;
}

/** The state of each end after each action, and what became of a message that it could not take. */
function withStates(automaton: Automaton, { trace, client, server }: Crossing): DrawnAction[] {
  const { initial } = automaton.lifecycle;
  const start: End = { state: initial, memory: { values: new Map(), key: "" } };
  const ends = { client: start, server: start };
  const drawn = trace.map((action): DrawnAction => {
    const end = ends[action.end];
    const step =
      end.state === CLOSED ? undefined : automaton.first(end.state, end.memory, action.letter.move);
    if (step !== undefined) ends[action.end] = step;
    const lost = action.end === "server" ? "refused" : "unexpected";
    return { ...action, after: step?.state ?? (end.state === CLOSED ? CLOSED : `${end.state} (${lost})`) };
  });
  const ended = ends.client.state === client.state && ends.server.state === server.state;
  if (!ended) throw new Error("A course that was drawn ended elsewhere than the one that was explored.");
  return drawn;
}
