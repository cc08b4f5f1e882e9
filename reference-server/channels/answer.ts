import { type AnswerCommand, type AnswerEvent, answerServer } from "../../generated/answer.js";
import type { Member } from "../../src/wire/connection.js";
import type { Channel } from "../channel.js";
import { cut, type Run, runScript, type Script, ScriptFailure } from "../script.js";
import type { World } from "../world.js";

/** Conversations whose length is remembered; the oldest is forgotten first. */
const MEMORIES = 1_000;
/** Milliseconds between two pieces of an answer, scaled. */
const STEP_MS = 30;

/** The `answer` channel: one query after another, each answered in pieces and ended by exactly one terminal. */
export function createAnswer(world: World): Channel<AnswerCommand, AnswerEvent> {
  const asked = new Map<string, number>();
  return {
    protocol: answerServer,
    sample: "/ws/chat",
    admit: () => ({ ok: true, join: () => createMember() }),
  };

  /** How many queries of the conversation came before this one. */
  function remember(session: string | undefined): number {
    if (session === undefined) return 0;
    const before = asked.get(session) ?? 0;
    asked.delete(session);
    asked.set(session, before + 1);
    const oldest = asked.keys().next();
    if (asked.size > MEMORIES && oldest.done !== true) asked.delete(oldest.value);
    return before;
  }

  function createMember(): Member<AnswerCommand, AnswerEvent> {
    let run: Run | undefined;
    return {
      take(command, connection) {
        run = runScript(world, agent(command.query, remember(command.session_id)), {
          said: (event) => connection.emit(event),
          ended: () => connection.emit({ type: "done" }),
          // It ends this query and says nothing of its inside.
          failed(fault) {
            if (!(fault instanceof ScriptFailure)) world.fault(fault);
            connection.emit({ type: "error", code: "internal", message: "The agent failed on this query." });
          },
          congested: () => false,
        });
        return undefined;
      },
      refuse: ({ code, text }) => ({ type: "error", code, message: text }),
      // A client that is gone has no use for the rest.
      left: () => run?.stop(),
    };
  }
}

/** The reference agent: gives the query back unchanged, in pieces; a query that starts with "fail" makes it throw. */
function* agent(query: string, before: number): Script<AnswerEvent, void> {
  yield { say: { type: "status", message: "Thinking" } };
  yield { wait: STEP_MS };
  yield { say: { type: "metadata", tool_used: "echo", has_context: before > 0 } };
  if (query.startsWith("fail"))
    throw new ScriptFailure("the reference agent throws on queries that start with fail");
  if (before > 0) {
    yield { say: { type: "content", content: "Let me recall what we said…" } };
    yield { wait: STEP_MS };
    yield { say: { type: "clear" } };
  }
  yield { say: { type: "content", content: "You asked: " } };
  for (const piece of cut(query, 16, 8)) {
    yield { wait: STEP_MS };
    yield { say: { type: "content", content: piece } };
  }
  if (before > 0) yield { say: { type: "content", content: ` (question ${before + 1} of this session)` } };
}
