import Type from "typebox";
import { Compile } from "typebox/compile";

const node_id = Type.Optional(Type.String());
const timestamp = Type.Optional(Type.String({ format: "date-time" }));
const session_uuid = Type.Optional(Type.String({ format: "uuid" }));
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** The union; what is not named is kept. */
export const typeboxEvent = Compile(
  Type.Union([
    Type.Object({
      event: Type.Literal("token_stream"),
      node_id,
      timestamp,
      data: Type.Object({
        node_id: Type.String(),
        agent_id: Type.Optional(Type.String()),
        chunk: Type.String(),
        is_thinking: Type.Optional(Type.Boolean()),
        session_uuid,
      }),
    }),
    Type.Object({
      event: Type.Literal("node_state_change"),
      node_id: Type.String(),
      timestamp,
      data: Type.Object({
        status: Type.Enum(["pending", "running", "completed", "failed", "skipped", "suspended"]),
        node_id,
        session_uuid,
      }),
    }),
    Type.Object({
      event: Type.Literal("node:parallel_start"),
      node_id: Type.String(),
      timestamp,
      data: Type.Object({
        branches: Type.Array(Type.String(), { minItems: 1, uniqueItems: true }),
        session_uuid,
      }),
    }),
    Type.Object({
      event: Type.Literal("token_usage"),
      node_id,
      timestamp,
      data: Type.Object({
        node_id: Type.String(),
        agent_id: Type.Optional(Type.String()),
        input_tokens: count,
        output_tokens: count,
        estimated_cost_usd: Type.Number({ minimum: 0 }),
        session_uuid,
      }),
    }),
    Type.Object({
      event: Type.Literal("human_interaction_required"),
      node_id: Type.String(),
      timestamp,
      data: Type.Object({
        reason: Type.String(),
        timeout: Type.Optional(Type.Number({ minimum: 0 })),
        session_uuid,
      }),
    }),
    Type.Object({
      event: Type.Literal("execution:paused"),
      node_id,
      timestamp,
      data: Type.Optional(Type.Object({ reason: Type.Optional(Type.String()), session_uuid })),
    }),
    Type.Object({
      event: Type.Literal("execution:completed"),
      timestamp,
      data: Type.Optional(
        Type.Object({ status: Type.Optional(Type.Enum(["completed", "failed"])), session_uuid }),
      ),
    }),
    Type.Object({
      event: Type.Literal("error"),
      node_id,
      timestamp,
      data: Type.Object({ error: Type.String(), code: Type.String(), session_uuid }),
    }),
  ]),
);
