import { type PipelineCommand, type PipelineEvent, pipelineServer } from "../../generated/pipeline.js";
import type { Connection } from "../../src/wire/connection.js";
import type { Refusal } from "../../src/wire/refusal.js";
import type { SharedFrame } from "../../src/wire/socket.js";
import type { Hub, Leave } from "../hub.js";
import { cut, runScript, type Script } from "../script.js";
import { encodeShared } from "../shared-frame.js";
import type { World } from "../world.js";

/** What a room's connections are told: the event, and its frame, encoded once for all of them. */
export interface Told {
  readonly event: PipelineEvent;
  readonly frame: SharedFrame;
}

export type SessionType = "person" | "group";
export type Question = Extract<PipelineCommand, { type: "message" }>;
/** A message as the history keeps it. */
export type Entry = Extract<PipelineEvent, { type: "user_message" | "response" }>["data"];

/** All connections of one pipeline and session type, and what was said there. */
export interface Room {
  readonly history: readonly Entry[];
  /** Lets a connection hear until the returned function is called. */
  enter(connection: Connection<PipelineEvent>): Leave;
  /** Echoes a question to all and starts its answer. */
  ask(question: Question, connection: Connection<PipelineEvent>): Refusal | undefined;
  /** Forgets what was said; ids go on. */
  reset(): void;
  readonly connections: ReadonlyMap<Connection<PipelineEvent>, { readonly since: string }>;
}

/** Entries of the history, and characters of all their texts; the oldest goes first. */
const HISTORY = 500;
const HISTORY_CHARACTERS = 8 * 1024 * 1024;
/** Answers that may be under way for one connection, and in the room. */
const ANSWERS = 64;
const ROOM_ANSWERS = 4_096;
/** Milliseconds between two frames of an answer, scaled. */
const STEP_MS = 100;
/** What the fields around a text may take, in bytes, so that its echo still fits where the question did. */
const ENVELOPE_BYTES = 4_096;
/** A question over this is echoed without its components and answered in two frames: an answer repeats its text. */
const LONG_BYTES = 64 * 1024;

/** Makes the room of a pipeline and session type; `topic` is its own, `nextId` the pipeline's. */
export function createRoom(
  world: World,
  hub: Hub<Told>,
  topic: string,
  sessionType: SessionType,
  nextId: () => number,
): Room {
  const connections = new Map<Connection<PipelineEvent>, { since: string }>();
  const underWay = new Map<string, number>();
  let history: Entry[] = [];
  let characters = 0;
  let answers = 0;
  let era = 0;

  function keep(entry: Entry): void {
    history.push(entry);
    characters += entry.content.length;
    while (history.length > HISTORY || (characters > HISTORY_CHARACTERS && history.length > 1)) {
      characters -= history.shift()?.content.length ?? 0;
    }
  }

  function publish(event: PipelineEvent): void {
    hub.publish(topic, { event, frame: encodeShared(pipelineServer, event) });
  }

  function respond(id: number, content: string, final: boolean, to: string): Entry {
    const data = {
      id,
      role: "assistant" as const,
      content,
      timestamp: world.timestamp(),
      is_final: final,
      connection_id: to,
    };
    publish({ type: "response", session_type: sessionType, data });
    return data;
  }

  function answer(text: string, pieces: number, to: string): void {
    const id = nextId();
    const asked = era;
    answers++;
    underWay.set(to, (underWay.get(to) ?? 0) + 1);
    const done = (): void => {
      answers--;
      const left = (underWay.get(to) ?? 1) - 1;
      if (left === 0) underWay.delete(to);
      else underWay.set(to, left);
    };
    runScript(world, cumulative(text, pieces), {
      said({ content, final }) {
        const entry = respond(id, content, final, to);
        if (final && asked === era) keep(entry);
      },
      ended: done,
      failed(fault) {
        world.fault(fault);
        done();
      },
      congested: () => false,
    });
  }

  return {
    get history() {
      return history;
    },
    connections,

    enter(connection) {
      connections.set(connection, { since: world.timestamp() });
      const leave = hub.subscribe(topic, ({ event, frame }) => connection.emit(event, frame));
      return () => {
        connections.delete(connection);
        leave();
      };
    },

    ask(question, connection) {
      if ((underWay.get(connection.id) ?? 0) >= ANSWERS || answers >= ROOM_ANSWERS) {
        return { code: "rate-limited", text: "Too many answers are under way; wait for one." };
      }
      const content = contentOf(question.message);
      const bytes = Buffer.byteLength(JSON.stringify(content));
      if (bytes + ENVELOPE_BYTES > (pipelineServer.maxBytes ?? Number.POSITIVE_INFINITY)) {
        return { code: "too-large", text: "The text leaves no room for its echo; send it in two messages." };
      }
      const whole = Buffer.byteLength(JSON.stringify(question.message)) + bytes < LONG_BYTES;
      const data = {
        id: nextId(),
        role: "user" as const,
        content,
        ...(whole ? { message_chain: question.message } : {}),
        timestamp: world.timestamp(),
        is_final: true as const,
        connection_id: connection.id,
      };
      keep(data);
      publish({ type: "user_message", session_type: sessionType, data });
      answer(`You said: ${content}`, question.stream === false ? 1 : whole ? 12 : 2, connection.id);
      return undefined;
    },

    reset() {
      history = [];
      characters = 0;
      era++;
    },
  };
}

/** Each step repeats what was said before it; the last one is final. */
function* cumulative(text: string, pieces: number): Script<{ content: string; final: boolean }, void> {
  let content = "";
  const parts = cut(text, pieces, pieces === 1 ? text.length : 4);
  for (const [index, part] of parts.entries()) {
    yield { wait: STEP_MS };
    content += part;
    yield { say: { content, final: index === parts.length - 1 } };
  }
}

/** The Plain texts joined, other components as `[Type]`. */
function contentOf(components: Question["message"]): string {
  return components
    .map((component) =>
      component.type === "Plain" && "text" in component && typeof component.text === "string"
        ? component.text
        : `[${component.type}]`,
    )
    .join("");
}
