import { type } from "arktype";

const node = { "node_id?": "string", "timestamp?": "string.date.iso" } as const;
const ofNode = { node_id: "string", "timestamp?": "string.date.iso" } as const;
const session = { "session_uuid?": "string.uuid" } as const;
const distinct = type("string[] >= 1").narrow((branches) => new Set(branches).size === branches.length);

/** The union; what is not named is kept. */
export const arktypeEvent = type({
  event: "'token_stream'",
  ...node,
  data: { node_id: "string", "agent_id?": "string", chunk: "string", "is_thinking?": "boolean", ...session },
})
  .or({
    event: "'node_state_change'",
    ...ofNode,
    data: {
      status: "'pending' | 'running' | 'completed' | 'failed' | 'skipped' | 'suspended'",
      "node_id?": "string",
      ...session,
    },
  })
  .or({ event: "'node:parallel_start'", ...ofNode, data: { branches: distinct, ...session } })
  .or({
    event: "'token_usage'",
    ...node,
    data: {
      node_id: "string",
      "agent_id?": "string",
      input_tokens: "number.safe % 1 >= 0",
      output_tokens: "number.safe % 1 >= 0",
      estimated_cost_usd: "number >= 0",
      ...session,
    },
  })
  .or({
    event: "'human_interaction_required'",
    ...ofNode,
    data: { reason: "string", "timeout?": "number >= 0", ...session },
  })
  .or({ event: "'execution:paused'", ...node, "data?": { "reason?": "string", ...session } })
  .or({
    event: "'execution:completed'",
    "timestamp?": "string.date.iso",
    "data?": { "status?": "'completed' | 'failed'", ...session },
  })
  .or({ event: "'error'", ...node, data: { error: "string", code: "string", ...session } });
