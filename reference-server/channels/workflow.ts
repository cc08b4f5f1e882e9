import { type WorkflowCommand, type WorkflowEvent, workflowServer } from "../../generated/workflow.js";
import type { Connection, Member } from "../../src/wire/connection.js";
import type { Refusal } from "../../src/wire/refusal.js";
import type { Channel } from "../channel.js";
import type { World } from "../world.js";
import { workflowScripts } from "./workflow-scripts.js";
import { createSession, type Seat, type Session } from "./workflow-session.js";

/** Sessions that may run at once, those that wait for their client to come back included. */
const SESSIONS = 10_000;

/** The `workflow` channel: a session a connection, shared by those that start it under the same uuid. */
export function createWorkflow(world: World): Channel<WorkflowCommand, WorkflowEvent> {
  const sessions = new Map<string, Session>();
  let started = 0;
  return {
    protocol: workflowServer,
    sample: "/ws",
    admit: () => ({ ok: true, join: () => createMember() }),
  };

  function createMember(): Member<WorkflowCommand, WorkflowEvent> {
    let session: Session | undefined;
    let seat: Seat | undefined;

    function start(
      data: Extract<WorkflowCommand, { cmd: "start_session" }>["data"],
      connection: Connection<WorkflowEvent>,
    ): Refusal | undefined {
      const script = workflowScripts.get(data.workflow_id);
      if (script === undefined) {
        const known = [...workflowScripts.keys()].join(", ");
        return { code: "not-found", text: `There is no such workflow; there are ${known}.` };
      }
      const uuid = data.session_uuid ?? world.random.uuid();
      const key = uuid.toLowerCase();
      const running = sessions.get(key);
      if (running !== undefined && running.workflow !== data.workflow_id) {
        return {
          code: "not-found",
          text: `The session of that uuid runs ${running.workflow}; join it by that name.`,
        };
      }
      if (running === undefined && sessions.size >= SESSIONS) {
        return { code: "rate-limited", text: `${SESSIONS} sessions run already; start this one later.` };
      }
      session =
        running ??
        createSession({
          world,
          workflow: data.workflow_id,
          script,
          input: data.input ?? "",
          label: `${data.workflow_id}/${++started}`,
          onEnd: () => sessions.delete(key),
        });
      sessions.set(key, session);
      seat = {
        connection,
        uuid,
        ended() {
          session = undefined;
          seat = undefined;
        },
      };
      session.join(seat);
      return undefined;
    }

    return {
      inspect(command) {
        if (command.cmd !== "pause_session" && command.cmd !== "resume_session") return undefined;
        const wanted = command.data?.session_uuid;
        if (wanted === undefined || seat === undefined || wanted.toLowerCase() === seat.uuid.toLowerCase())
          return undefined;
        return {
          code: "not-found",
          text: "This connection has another session; leave the session_uuid out to mean it.",
        };
      },

      take(command, connection) {
        switch (command.cmd) {
          case "ping": {
            const token = command.data?.token;
            connection.emit(token === undefined ? { event: "pong" } : { event: "pong", data: { token } });
            return undefined;
          }
          case "start_session":
            return start(command.data, connection);
          case "pause_session":
            if (seat !== undefined) session?.pause(seat);
            return undefined;
          case "resume_session":
            if (seat !== undefined) session?.resume(seat);
            return undefined;
          case "user_input":
            session?.give(command.data.text, command.data.node_id);
            return undefined;
        }
      },

      refuse: ({ code, text }) => ({
        event: "error",
        timestamp: world.timestamp(),
        data: { error: text, code, ...(seat === undefined ? {} : { session_uuid: seat.uuid }) },
      }),

      left() {
        if (seat !== undefined) session?.leave(seat);
      },
    };
  }
}
