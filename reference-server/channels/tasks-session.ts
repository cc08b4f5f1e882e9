import { type TasksEvent, tasksServer } from "../../generated/tasks.js";
import type { Cancel } from "../../src/wire/clock.js";
import type { Connection } from "../../src/wire/connection.js";
import type { SharedFrame } from "../../src/wire/socket.js";
import type { Hub, Leave } from "../hub.js";
import { type Run, runScript, type Script } from "../script.js";
import { encodeShared } from "../shared-frame.js";
import type { World } from "../world.js";

/** What subscribers are told: the event, and its frame, encoded once for all of them. */
export interface Told {
  readonly event: TasksEvent;
  readonly frame: SharedFrame;
}

export type Action = "start" | "pause" | "resume" | "stop";

/** A session of tasks, whoever watches it. */
export interface TaskSession {
  /** Adds a subscriber, who is told the snapshot as soon as the session is in a state that has a name. */
  join(connection: Connection<TasksEvent>): void;
  leave(connection: Connection<TasksEvent>): void;
  /** Does what a client wants, subscribed or not; false when the session's state does not allow it. */
  steer(action: Action, by: Connection<TasksEvent>): boolean;
  /** True when nobody would miss it: no subscriber, nothing under way. */
  idle(): boolean;
  /** Ends it without a word. */
  stop(): void;
}

type Status = "created" | "running" | "paused" | "completed" | "failed";

/** Which states allow an action, and the state in between while it takes effect. */
const STEPS: Readonly<Record<Action, { from: readonly Status[]; via: Moving }>> = {
  start: { from: ["created", "completed", "failed"], via: "starting" },
  pause: { from: ["running"], via: "pausing" },
  resume: { from: ["paused"], via: "resuming" },
  stop: { from: ["created", "running", "paused"], via: "stopping" },
};
type Moving = "starting" | "pausing" | "resuming" | "stopping";

/** How long an action takes (ms, scaled). */
const MOVE_MS = 100;
/** How long a task takes (ms, scaled): a session of three to six takes some ten seconds. */
const TASK_MS = 2_000;

/** Makes a session that was never started. */
export function createTaskSession(world: World, hub: Hub<Told>, id: string): TaskSession {
  const members = new Map<Connection<TasksEvent>, Leave>();
  const joining = new Set<Connection<TasksEvent>>();
  const random = world.random.fork(`tasks/${id}`);
  const total = 3 + random.below(4);
  let completed = 0;
  let current: string | undefined;
  let status: Status = "created";
  let moving: Moving | undefined;
  let run: Run | undefined;
  let cancelMove: Cancel = () => {};

  const counts = () => ({ completed_tasks: completed, total_tasks: total });

  function publish(event: TasksEvent): void {
    hub.publish(id, { event, frame: encodeShared(tasksServer, event) });
  }

  function publishStatus(): void {
    publish({ event: "session.update", session_id: id, data: { status, ...counts() } });
  }

  function publishProgress(): void {
    const data = current === undefined ? counts() : { ...counts(), current_task: current };
    publish({ event: "progress.update", session_id: id, data });
  }

  /** The session has come to rest in a state with a name: says so, then lets in who waited for it. */
  function settle(to: Status): void {
    moving = undefined;
    status = to;
    publishStatus();
    admit();
  }

  function admit(): void {
    if (joining.size === 0 || moving !== undefined) return;
    for (const connection of joining) {
      const snapshot = { status, ...counts(), ...(current === undefined ? {} : { current_task: current }) };
      connection.emit({ event: "subscribed", session_id: id, data: snapshot });
      members.set(
        connection,
        hub.subscribe(id, ({ event, frame }) => connection.emit(event, frame)),
      );
    }
    joining.clear();
    // Counts may have begun anew since a subscriber was last here; this says that they did, to all alike.
    if (status === "running") publishStatus();
  }

  function begin(): void {
    completed = 0;
    current = undefined;
    settle("running");
    run = runScript(world, script(), {
      said: (say) => say(),
      ended: settle,
      failed(fault) {
        world.fault(fault);
        settle("failed");
      },
      congested: () => false,
    });
  }

  function* script(): Script<() => void, "completed" | "failed"> {
    const fails = id.startsWith("fail");
    for (let task = 1; task <= total; task++) {
      const task_id = `task-${task}`;
      const task_type = random.pick(["outline", "chapter", "review"]);
      yield {
        say() {
          current = task_id;
          publish({ event: "task.update", session_id: id, data: { task_id, task_type, status: "running" } });
          publishProgress();
        },
      };
      yield { wait: TASK_MS };
      if (fails && task === 2) {
        const error = "The model gave no answer.";
        yield {
          say: () =>
            publish({
              event: "task.update",
              session_id: id,
              data: { task_id, task_type, status: "failed", error },
            }),
        };
        return "failed";
      }
      const score = (50 + random.below(51)) / 100;
      yield {
        say() {
          completed = task;
          current = undefined;
          const evaluation = { score, passed: score >= 0.6, feedback: "✓ “gut”" };
          const result = `The ${task_type} of ${task_id} is written.`;
          publish({
            event: "task.update",
            session_id: id,
            data: { task_id, task_type, status: "completed", result, evaluation },
          });
          publishProgress();
        },
      };
    }
    return "completed";
  }

  return {
    join(connection) {
      joining.add(connection);
      admit();
    },

    leave(connection) {
      joining.delete(connection);
      members.get(connection)?.();
      members.delete(connection);
    },

    steer(action, by) {
      const { from, via } = STEPS[action];
      if (moving !== undefined || !from.includes(status)) return false;
      moving = via;
      for (const member of members.keys()) if (member !== by) member.other("subscription", id, via);
      if (via === "pausing") run?.pause();
      if (via === "stopping") run?.stop();
      cancelMove = world.after(MOVE_MS, () => {
        if (via === "starting") begin();
        else if (via === "pausing") settle("paused");
        else if (via === "stopping") settle("failed");
        else {
          settle("running");
          run?.resume();
        }
      });
      return true;
    },

    idle: () => members.size === 0 && joining.size === 0 && moving === undefined && status !== "running",

    stop() {
      cancelMove();
      run?.stop();
    },
  };
}
