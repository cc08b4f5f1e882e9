import {
  type ConversationCommand,
  type ConversationEvent,
  conversationServer,
} from "../../generated/conversation.js";
import type { Member } from "../../src/wire/connection.js";
import type { Channel } from "../channel.js";
import { cut, type Run, runScript, type Script, ScriptFailure } from "../script.js";
import type { World } from "../world.js";

/** Milliseconds between two pieces of an answer, scaled. */
const STEP_MS = 30;

/** The `conversation` channel: one turn at a time, each ended by exactly one `stop`, also after a failure. */
export function createConversation(world: World): Channel<ConversationCommand, ConversationEvent> {
  return {
    protocol: conversationServer,
    sample: "/socket.io/",
    admit: () => ({ ok: true, join: () => createMember() }),
  };

  function createMember(): Member<ConversationCommand, ConversationEvent> {
    let run: Run | undefined;
    return {
      take([, turn], connection) {
        run = runScript(world, agent(turn.current_text ?? "", turn.history?.length ?? 0), {
          said: (event) => connection.emit(event),
          ended: () => connection.emit(["chat_response", { type: "stop", content: { reason: "normal" } }]),
          failed(fault) {
            if (!(fault instanceof ScriptFailure)) world.fault(fault);
            connection.emit([
              "chat_response",
              { type: "error", content: { message: "The agent failed on this turn." } },
            ]);
            connection.emit(["chat_response", { type: "stop", content: { reason: "error" } }]);
          },
          congested: () => false,
        });
        return undefined;
      },
      refuse: ({ code, text }) => ["error", { code, message: text }],
      left: () => run?.stop(),
    };
  }
}

/** The reference agent: gives the text back unchanged, in pieces; a text that starts with "fail" makes it throw. */
function* agent(text: string, turns: number): Script<ConversationEvent, void> {
  yield {
    say: [
      "chat_response",
      { type: "agent_status", content: { status: "thinking", message: `${turns} turns before this one` } },
    ],
  };
  yield { wait: STEP_MS };
  if (text.startsWith("fail"))
    throw new ScriptFailure("the reference agent throws on texts that start with fail");
  yield {
    say: [
      "chat_response",
      { type: "text", content: { data: text === "" ? "You said nothing." : "You said: " } },
    ],
  };
  for (const piece of cut(text, 16, 8)) {
    yield { wait: STEP_MS };
    yield { say: ["chat_response", { type: "text", content: { data: piece } }] };
  }
}
