import * as v from "valibot";

const node_id = v.optional(v.string());
const timestamp = v.optional(v.pipe(v.string(), v.isoTimestamp()));
const session_uuid = v.optional(v.pipe(v.string(), v.uuid()));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** The union; what is not named is kept. */
export const valibotEvent = v.variant("event", [
  v.looseObject({
    event: v.literal("token_stream"),
    node_id,
    timestamp,
    data: v.looseObject({
      node_id: v.string(),
      agent_id: v.optional(v.string()),
      chunk: v.string(),
      is_thinking: v.optional(v.boolean()),
      session_uuid,
    }),
  }),
  v.looseObject({
    event: v.literal("node_state_change"),
    node_id: v.string(),
    timestamp,
    data: v.looseObject({
      status: v.picklist(["pending", "running", "completed", "failed", "skipped", "suspended"]),
      node_id,
      session_uuid,
    }),
  }),
  v.looseObject({
    event: v.literal("node:parallel_start"),
    node_id: v.string(),
    timestamp,
    data: v.looseObject({
      branches: v.pipe(
        v.array(v.string()),
        v.minLength(1),
        v.check((branches) => new Set(branches).size === branches.length),
      ),
      session_uuid,
    }),
  }),
  v.looseObject({
    event: v.literal("token_usage"),
    node_id,
    timestamp,
    data: v.looseObject({
      node_id: v.string(),
      agent_id: v.optional(v.string()),
      input_tokens: count,
      output_tokens: count,
      estimated_cost_usd: v.pipe(v.number(), v.minValue(0)),
      session_uuid,
    }),
  }),
  v.looseObject({
    event: v.literal("human_interaction_required"),
    node_id: v.string(),
    timestamp,
    data: v.looseObject({
      reason: v.string(),
      timeout: v.optional(v.pipe(v.number(), v.minValue(0))),
      session_uuid,
    }),
  }),
  v.looseObject({
    event: v.literal("execution:paused"),
    node_id,
    timestamp,
    data: v.optional(v.looseObject({ reason: v.optional(v.string()), session_uuid })),
  }),
  v.looseObject({
    event: v.literal("execution:completed"),
    timestamp,
    data: v.optional(
      v.looseObject({ status: v.optional(v.picklist(["completed", "failed"])), session_uuid }),
    ),
  }),
  v.looseObject({
    event: v.literal("error"),
    node_id,
    timestamp,
    data: v.looseObject({ error: v.string(), code: v.string(), session_uuid }),
  }),
]);
