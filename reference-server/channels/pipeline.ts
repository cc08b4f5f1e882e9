import { type PipelineCommand, type PipelineEvent, pipelineServer } from "../../generated/pipeline.js";
import type { Connection, Member } from "../../src/wire/connection.js";
import type { Admission, Channel, Handshake, RestAnswer, RestRequest } from "../channel.js";
import { createHub } from "../hub.js";
import { encodeShared } from "../shared-frame.js";
import type { World } from "../world.js";
import { createRoom, type Room, type SessionType, type Told } from "./pipeline-room.js";
import { pipelineUuids } from "./pipelines.js";

interface Pipeline {
  readonly uuid: string;
  readonly rooms: Readonly<Record<SessionType, Room>>;
}

const REST = /^\/api\/v1\/pipelines\/([^/]+)\/ws\/(messages|reset|connections|broadcast)(?:\/([^/]+))?$/;

/** The `pipeline` channel: seeded pipelines, each with a room for persons and one for groups, and REST beside. */
export function createPipeline(world: World): Channel<PipelineCommand, PipelineEvent> {
  const hub = createHub<Told>(world.fault);
  const pipelines = new Map(pipelineUuids.map((uuid) => [uuid, createPipelineOf(uuid)]));

  function createPipelineOf(uuid: string): Pipeline {
    // An id names one message of the pipeline for ever, whatever is reset.
    let lastId = 0;
    const nextId = (): number => ++lastId;
    const room = (type: SessionType): Room => createRoom(world, hub, `${uuid}/${type}`, type, nextId);
    return { uuid, rooms: { person: room("person"), group: room("group") } };
  }

  return {
    protocol: pipelineServer,
    sample: `/api/v1/pipelines/${pipelineUuids[0]}/ws/connect?session_type=person`,

    admit({ parameters, query }: Handshake): Admission<PipelineCommand, PipelineEvent> {
      const pipeline = pipelines.get((parameters["pipelineUuid"] ?? "").toLowerCase());
      if (pipeline === undefined) return { ok: false, status: 404, text: "There is no such pipeline." };
      const type = sessionTypeOf(query.get("session_type") ?? "person");
      if (type === undefined || query.getAll("session_type").length > 1) {
        return { ok: false, status: 400, text: "session_type is person or group." };
      }
      return { ok: true, join: (connection) => enter(pipeline, type, connection) };
    },

    rest: (request) => rest(request),
  };

  function enter(
    pipeline: Pipeline,
    type: SessionType,
    connection: Connection<PipelineEvent>,
  ): Member<PipelineCommand, PipelineEvent> {
    const room = pipeline.rooms[type];
    connection.emit({
      type: "connected",
      connection_id: connection.id,
      pipeline_uuid: pipeline.uuid,
      session_type: type,
      timestamp: world.timestamp(),
    });
    const leaveRoom = room.enter(connection);
    const leavePipeline = hub.subscribe(pipeline.uuid, ({ event, frame }) => connection.emit(event, frame));
    return {
      take(command) {
        switch (command.type) {
          case "ping":
            connection.emit({ type: "pong", timestamp: world.timestamp() });
            return undefined;
          case "message":
            return room.ask(command, connection);
          case "disconnect":
            // The guard leads to $closed, and the connection closes itself.
            return undefined;
        }
      },
      refuse: ({ code, text }) => ({ type: "error", code, message: text }),
      left() {
        leaveRoom();
        leavePipeline();
      },
    };
  }

  function rest({ method, path, body }: RestRequest): RestAnswer | undefined {
    const [, uuid, what, typeName] = REST.exec(path) ?? [];
    if (uuid === undefined || what === undefined) return undefined;
    const pipeline = pipelines.get(uuid.toLowerCase());
    if (pipeline === undefined) return failed(404, "There is no such pipeline.");
    if (method !== (what === "messages" || what === "connections" ? "GET" : "POST")) {
      return failed(405, `${what} does not answer ${method}.`);
    }
    if (what === "messages" || what === "reset") {
      const type = sessionTypeOf(typeName ?? "");
      if (type === undefined) return failed(400, "The session type is person or group.");
      const room = pipeline.rooms[type];
      if (what === "messages") return ok({ messages: room.history });
      room.reset();
      return ok({});
    }
    if (typeName !== undefined) return failed(404, "There is nothing here.");
    if (what === "connections") return ok(statistics(pipeline));
    const message = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
    if (typeof message !== "string") return failed(400, 'The body is a JSON object with a string "message".');
    const event: PipelineEvent = { type: "broadcast", message, timestamp: world.timestamp() };
    const reached = hub.count(pipeline.uuid);
    hub.publish(pipeline.uuid, { event, frame: encodeShared(pipelineServer, event) });
    return ok({ connections: reached });
  }
}

function statistics({ rooms }: Pipeline): unknown {
  const connections = (["person", "group"] as const).flatMap((session_type) =>
    [...rooms[session_type].connections].map(([{ id }, { since }]) => ({
      connection_id: id,
      session_type,
      since,
    })),
  );
  return {
    total: connections.length,
    person: rooms.person.connections.size,
    group: rooms.group.connections.size,
    connections,
  };
}

function sessionTypeOf(text: string): SessionType | undefined {
  return text === "person" || text === "group" ? text : undefined;
}

function ok(data: unknown): RestAnswer {
  return { status: 200, body: { code: 0, msg: "ok", data } };
}

function failed(status: number, msg: string): RestAnswer {
  return { status, body: { code: status, msg, data: null } };
}
