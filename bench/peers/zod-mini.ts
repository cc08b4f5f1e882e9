import * as z from "zod/mini";

const node_id = z.optional(z.string());
const timestamp = z.optional(z.iso.datetime({ offset: true }));
const session_uuid = z.optional(z.uuid());
const count = z.int().check(z.minimum(0));

/** The union; what is not named is kept. */
export const zodMiniEvent = z.discriminatedUnion("event", [
  z.looseObject({
    event: z.literal("token_stream"),
    node_id,
    timestamp,
    data: z.looseObject({
      node_id: z.string(),
      agent_id: z.optional(z.string()),
      chunk: z.string(),
      is_thinking: z.optional(z.boolean()),
      session_uuid,
    }),
  }),
  z.looseObject({
    event: z.literal("node_state_change"),
    node_id: z.string(),
    timestamp,
    data: z.looseObject({
      status: z.enum(["pending", "running", "completed", "failed", "skipped", "suspended"]),
      node_id,
      session_uuid,
    }),
  }),
  z.looseObject({
    event: z.literal("node:parallel_start"),
    node_id: z.string(),
    timestamp,
    data: z.looseObject({
      branches: z.array(z.string()).check(
        z.minLength(1),
        z.refine((branches) => new Set(branches).size === branches.length),
      ),
      session_uuid,
    }),
  }),
  z.looseObject({
    event: z.literal("token_usage"),
    node_id,
    timestamp,
    data: z.looseObject({
      node_id: z.string(),
      agent_id: z.optional(z.string()),
      input_tokens: count,
      output_tokens: count,
      estimated_cost_usd: z.number().check(z.minimum(0)),
      session_uuid,
    }),
  }),
  z.looseObject({
    event: z.literal("human_interaction_required"),
    node_id: z.string(),
    timestamp,
    data: z.looseObject({
      reason: z.string(),
      timeout: z.optional(z.number().check(z.minimum(0))),
      session_uuid,
    }),
  }),
  z.looseObject({
    event: z.literal("execution:paused"),
    node_id,
    timestamp,
    data: z.optional(z.looseObject({ reason: z.optional(z.string()), session_uuid })),
  }),
  z.looseObject({
    event: z.literal("execution:completed"),
    timestamp,
    data: z.optional(z.looseObject({ status: z.optional(z.enum(["completed", "failed"])), session_uuid })),
  }),
  z.looseObject({
    event: z.literal("error"),
    node_id,
    timestamp,
    data: z.looseObject({ error: z.string(), code: z.string(), session_uuid }),
  }),
]);
