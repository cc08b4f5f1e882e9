/**
 * The workflows of the reference engine: what each says, in which order. Pure and seeded; every script begins with a
 * node state, so that whoever joins always has something to be told.
 */

import type { WorkflowEvent } from "../../generated/workflow.js";
import type { Random } from "../random.js";
import { cut, type Script } from "../script.js";

/** What every event of a session carries. */
export interface Stamp {
  readonly session_uuid: string;
  readonly timestamp: string;
}

/** An event of a session, before it is known for which member and when. */
export type Told = (stamp: Stamp) => WorkflowEvent;

export type NodeStatus = "pending" | "running" | "completed" | "failed" | "skipped" | "suspended";

/** What the engine does with a step: an event, and the node state that it changes, where it does. */
export interface Said {
  readonly told: Told;
  readonly node?: { readonly id: string; readonly status: NodeStatus };
}

export type WorkflowScript = (input: string, random: Random) => Script<Said, "completed" | "failed">;

/** Milliseconds between two steps, scaled: slow enough that a person sees it, and that a council takes some seconds. */
const STEP_MS = 60;
const FLOOD_TOKENS = 5_000;
const FLOOD_TOKEN = "0123456789abcdef".repeat(256);
/** Tokens of a flood between two looks at the queue: 128 KiB. */
const FLOOD_BATCH = 32;

const WORDS = [
  "weigh",
  "the",
  "risk",
  "against",
  "time",
  "—",
  "für",
  "und",
  "wider",
  "先に",
  "試す",
  "🚀",
  "\n",
  "<b>",
  "&",
  '"so"',
] as const;

/** The workflows by `workflow_id`. */
export const workflowScripts: ReadonlyMap<string, WorkflowScript> = new Map<string, WorkflowScript>([
  ["echo", echo],
  ["council", council],
  ["human", human],
  ["fail", fail],
  ["flood", flood],
]);

/** The event that tells a node's state; also what a join and a resume are answered with. */
export function nodeState(id: string, status: NodeStatus): Said {
  return {
    node: { id, status },
    told: ({ timestamp, session_uuid }) => ({
      event: "node_state_change",
      timestamp,
      node_id: id,
      data: { status, node_id: id, session_uuid },
    }),
  };
}

function token(node: string, chunk: string, thinking?: boolean): Said {
  return {
    told: ({ timestamp, session_uuid }) => ({
      event: "token_stream",
      timestamp,
      node_id: node,
      data: {
        node_id: node,
        ...(thinking === undefined ? {} : { agent_id: node, is_thinking: thinking }),
        chunk,
        session_uuid,
      },
    }),
  };
}

function usage(node: string, input: number, output: number): Said {
  return {
    told: ({ timestamp, session_uuid }) => ({
      event: "token_usage",
      timestamp,
      node_id: node,
      data: {
        node_id: node,
        input_tokens: input,
        output_tokens: output,
        estimated_cost_usd: (input * 2 + output * 8) / 1_000_000,
        session_uuid,
      },
    }),
  };
}

function* echo(input: string): Script<Said, "completed"> {
  yield { say: nodeState("echo", "running") };
  for (const chunk of cut(input, 16, 8)) {
    yield { wait: STEP_MS / 4 };
    yield { say: token("echo", chunk) };
  }
  yield { say: usage("echo", input.length, input.length) };
  yield { say: nodeState("echo", "completed") };
  return "completed";
}

function* council(_input: string, random: Random): Script<Said, "completed"> {
  const agents = ["agent_1", "agent_2", "agent_3"] as const;
  yield { say: nodeState("start", "running") };
  yield { wait: STEP_MS };
  yield { say: nodeState("start", "completed") };
  yield {
    say: {
      told: ({ timestamp, session_uuid }) => ({
        event: "node:parallel_start",
        timestamp,
        node_id: "council",
        data: { branches: [...agents], session_uuid },
      }),
    },
  };
  for (const agent of agents) yield { say: nodeState(agent, "running") };
  const written = new Map<string, number>();
  // The agents speak in a drawn order, each thinks before it answers.
  for (let turn = 0; turn < 60; turn++) {
    const agent = random.pick(agents);
    const spoken = written.get(agent) ?? 0;
    written.set(agent, spoken + 1);
    if (spoken === 2) yield { say: search(agent) };
    yield { wait: STEP_MS };
    yield { say: token(agent, `${random.pick(WORDS)} `, spoken < 6) };
  }
  for (const agent of agents) {
    yield { say: usage(agent, 40 + random.below(400), written.get(agent) ?? 0) };
    yield { say: nodeState(agent, "completed") };
  }
  yield { say: nodeState("vote", "running") };
  yield { wait: STEP_MS };
  yield { say: token("vote", `The council votes ${random.pick(["yes", "no", "later"])}.`) };
  yield { say: nodeState("vote", "completed") };
  yield { say: nodeState("end", "completed") };
  return "completed";
}

function search(agent: string): Said {
  return {
    told: ({ timestamp, session_uuid }) => ({
      event: "tool_execution",
      timestamp,
      node_id: agent,
      data: {
        node_id: agent,
        agent_id: agent,
        tool: "search",
        input: '{"query":"precedent"}',
        output: "none found",
        session_uuid,
      },
    }),
  };
}

function* human(): Script<Said, "completed"> {
  yield { say: nodeState("draft", "running") };
  yield { wait: STEP_MS };
  yield { say: token("draft", "Ship it?") };
  yield { say: nodeState("draft", "completed") };
  yield { say: nodeState("review", "suspended") };
  yield {
    say: {
      told: ({ timestamp, session_uuid }) => ({
        event: "human_interaction_required",
        timestamp,
        node_id: "review",
        data: { reason: "Approve the draft?", session_uuid },
      }),
    },
  };
  const text = yield { ask: "review" };
  yield { say: nodeState("review", "running") };
  for (const chunk of cut(text ?? "", 16, 8)) {
    yield { say: token("review", chunk) };
    yield { wait: STEP_MS / 4 };
  }
  yield { say: nodeState("review", "completed") };
  return "completed";
}

function* fail(): Script<Said, "failed"> {
  yield { say: nodeState("work", "running") };
  yield { wait: STEP_MS };
  yield { say: token("work", "so far so good") };
  yield {
    say: {
      told: ({ timestamp, session_uuid }) => ({
        event: "error",
        timestamp,
        node_id: "work",
        data: { error: "Node work failed: its model gave no answer.", code: "internal", session_uuid },
      }),
    },
  };
  yield { say: nodeState("work", "failed") };
  return "failed";
}

function* flood(): Script<Said, "completed"> {
  yield { say: nodeState("flood", "running") };
  for (let sent = 0; sent < FLOOD_TOKENS; sent++) {
    if (sent % FLOOD_BATCH === 0) yield { wait: 0 };
    yield { say: token("flood", FLOOD_TOKEN) };
  }
  yield { say: nodeState("flood", "completed") };
  return "completed";
}
