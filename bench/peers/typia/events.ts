/** The union as types; typia's transformer writes the functions (bench/prepare.ts). */

import typia, { type tags } from "typia";

type Timestamp = string & tags.Format<"date-time">;
type Uuid = string & tags.Format<"uuid">;
type Count = number & tags.Type<"uint64"> & tags.Maximum<9007199254740991>;

interface TokenStream {
  event: "token_stream";
  node_id?: string;
  timestamp?: Timestamp;
  data: { node_id: string; agent_id?: string; chunk: string; is_thinking?: boolean; session_uuid?: Uuid };
}
interface NodeStateChange {
  event: "node_state_change";
  node_id: string;
  timestamp?: Timestamp;
  data: {
    status: "pending" | "running" | "completed" | "failed" | "skipped" | "suspended";
    node_id?: string;
    session_uuid?: Uuid;
  };
}
interface ParallelStart {
  event: "node:parallel_start";
  node_id: string;
  timestamp?: Timestamp;
  data: { branches: string[] & tags.MinItems<1> & tags.UniqueItems; session_uuid?: Uuid };
}
interface TokenUsage {
  event: "token_usage";
  node_id?: string;
  timestamp?: Timestamp;
  data: {
    node_id: string;
    agent_id?: string;
    input_tokens: Count;
    output_tokens: Count;
    estimated_cost_usd: number & tags.Minimum<0>;
    session_uuid?: Uuid;
  };
}
interface HumanInteractionRequired {
  event: "human_interaction_required";
  node_id: string;
  timestamp?: Timestamp;
  data: { reason: string; timeout?: number & tags.Minimum<0>; session_uuid?: Uuid };
}
interface ExecutionPaused {
  event: "execution:paused";
  node_id?: string;
  timestamp?: Timestamp;
  data?: { reason?: string; session_uuid?: Uuid };
}
interface ExecutionCompleted {
  event: "execution:completed";
  timestamp?: Timestamp;
  data?: { status?: "completed" | "failed"; session_uuid?: Uuid };
}
interface WorkflowError {
  event: "error";
  node_id?: string;
  timestamp?: Timestamp;
  data: { error: string; code: string; session_uuid?: Uuid };
}
type WorkflowEvent =
  | TokenStream
  | NodeStateChange
  | ParallelStart
  | TokenUsage
  | HumanInteractionRequired
  | ExecutionPaused
  | ExecutionCompleted
  | WorkflowError;

/** What is not named is let through, as the document wants it. */
export const typiaIs = typia.createIs<WorkflowEvent>();
/** Without a check; leaves out what is not named. */
export const typiaStringify = typia.json.createStringify<WorkflowEvent>();
/** With a check; leaves out what is not named. */
export const typiaIsStringify = typia.json.createIsStringify<WorkflowEvent>();
