/** Formats that are no JSON, and validate nothing: what a text protocol is up against. */

import { Packr } from "msgpackr";
import protobuf from "protobufjs";
import type { Message } from "./peer.js";

const plain = new Packr({ useRecords: false });
const structures: [] = [];
const records = new Packr({ structures, useRecords: true });

export const msgpack = {
  pack: (value: Message): Buffer => plain.pack(value),
  unpack: (bytes: Buffer): unknown => plain.unpack(bytes),
};
/** With records: both ends know the names of the fields beforehand. */
export const msgpackRecords = {
  pack: (value: Message): Buffer => records.pack(value),
  unpack: (bytes: Buffer): unknown => records.unpack(bytes),
};

const PROTO = `
syntax = "proto3";
message Event {
  oneof data {
    TokenStream token_stream = 1;
    NodeStateChange node_state_change = 2;
    ParallelStart parallel_start = 3;
    TokenUsage token_usage = 4;
    HumanInteractionRequired human_interaction_required = 5;
    ExecutionPaused execution_paused = 6;
    ExecutionCompleted execution_completed = 7;
    WorkflowError error = 8;
  }
  optional string node_id = 9;
  optional string timestamp = 10;
}
message TokenStream { string node_id = 1; optional string agent_id = 2; string chunk = 3; optional bool is_thinking = 4; optional string session_uuid = 5; }
message NodeStateChange { string status = 1; optional string node_id = 2; optional string session_uuid = 3; }
message ParallelStart { repeated string branches = 1; optional string session_uuid = 2; }
message TokenUsage { string node_id = 1; optional string agent_id = 2; uint32 input_tokens = 3; uint32 output_tokens = 4; double estimated_cost_usd = 5; optional string session_uuid = 6; }
message HumanInteractionRequired { string reason = 1; optional double timeout = 2; optional string session_uuid = 3; }
message ExecutionPaused { optional string reason = 1; optional string session_uuid = 2; }
message ExecutionCompleted { optional string status = 1; optional string session_uuid = 2; }
message WorkflowError { string error = 1; string code = 2; optional string session_uuid = 3; }
`;
const Event = protobuf.parse(PROTO, { keepCase: true }).root.lookupType("Event");

/** Each event's field in the `oneof`. */
const FIELD: Readonly<Record<string, string>> = {
  "node:parallel_start": "parallel_start",
  "execution:paused": "execution_paused",
  "execution:completed": "execution_completed",
};

/** The value in the shape of the messages; made before anything is measured. */
export function protobufValue({ event, data, ...envelope }: Message): protobuf.Message {
  const field = FIELD[event] ?? event;
  return Event.fromObject({ ...envelope, [field]: data ?? {} });
}
export const protobufEncode = (message: protobuf.Message): Uint8Array => Event.encode(message).finish();
export const protobufDecode = (bytes: Uint8Array): unknown => Event.decode(bytes);
