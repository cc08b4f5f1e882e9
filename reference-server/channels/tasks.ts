import { type TasksCommand, type TasksEvent, tasksServer } from "../../generated/tasks.js";
import type { Member } from "../../src/wire/connection.js";
import type { Refusal } from "../../src/wire/refusal.js";
import type { Channel } from "../channel.js";
import { createHub } from "../hub.js";
import type { World } from "../world.js";
import { createTaskSession, type TaskSession, type Told } from "./tasks-session.js";

/** Sessions that are kept; the oldest that is idle makes room for a new one. */
const SESSIONS = 10_000;
/** Sessions that one connection may watch. */
const SUBSCRIPTIONS = 1_000;

/** The `tasks` channel: sessions that outlive connections, watched and steered from any number of them. */
export function createTasks(world: World): Channel<TasksCommand, TasksEvent> {
  const hub = createHub<Told>(world.fault);
  const sessions = new Map<string, TaskSession>();
  return {
    protocol: tasksServer,
    sample: "/ws/ws",
    admit: () => ({ ok: true, join: () => createMember() }),
  };

  /** The session of that id, made if need be; `undefined` when there is no room for another. */
  function sessionOf(id: string): TaskSession | undefined {
    const known = sessions.get(id);
    if (known !== undefined) return known;
    if (sessions.size >= SESSIONS && !forgetOne()) return undefined;
    const session = createTaskSession(world, hub, id);
    sessions.set(id, session);
    return session;
  }

  function forgetOne(): boolean {
    for (const [id, session] of sessions) {
      if (!session.idle()) continue;
      session.stop();
      sessions.delete(id);
      return true;
    }
    return false;
  }

  function createMember(): Member<TasksCommand, TasksEvent> {
    const watched = new Map<string, TaskSession>();
    let leave = (): void => {};

    return {
      take(command, connection): Refusal | undefined {
        switch (command.event) {
          case "ping":
            connection.emit({ event: "pong" });
            return undefined;

          case "subscribe": {
            const session = watched.size < SUBSCRIPTIONS ? sessionOf(command.session_id) : undefined;
            if (session === undefined) {
              return {
                code: "rate-limited",
                text: "Too many sessions are watched; unsubscribe from one first.",
              };
            }
            watched.set(command.session_id, session);
            leave = () => {
              for (const each of watched.values()) each.leave(connection);
            };
            session.join(connection);
            return undefined;
          }

          case "unsubscribe":
            watched.get(command.session_id)?.leave(connection);
            watched.delete(command.session_id);
            connection.emit({ event: "unsubscribed", session_id: command.session_id });
            return undefined;

          case "start":
          case "pause":
          case "resume":
          case "stop": {
            const session = sessions.get(command.session_id);
            if (session === undefined) {
              return { code: "not-found", text: "There is no such session; subscribe to it to make it." };
            }
            if (session.steer(command.event, connection)) return undefined;
            return {
              code: "illegal-state",
              text: `The session cannot ${command.event} now; subscribe to it to see its state.`,
            };
          }
        }
      },

      refuse: ({ code, text }, command) => ({
        event: "error",
        ...(command === undefined || command.event === "ping" ? {} : { session_id: command.session_id }),
        data: { message: text, code },
      }),

      left: () => leave(),
    };
  }
}
