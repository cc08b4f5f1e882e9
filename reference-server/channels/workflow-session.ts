import type { WorkflowEvent } from "../../generated/workflow.js";
import type { Cancel } from "../../src/wire/clock.js";
import type { Connection } from "../../src/wire/connection.js";
import { runScript } from "../script.js";
import type { World } from "../world.js";
import { type NodeStatus, nodeState, type Said, type Told, type WorkflowScript } from "./workflow-scripts.js";

/** One connection in a session. */
export interface Seat {
  readonly connection: Connection<WorkflowEvent>;
  /** The session's uuid as this client spelled it: what it gets back. */
  readonly uuid: string;
  /** The session is over, or has let this seat go. */
  ended(): void;
}

/** A workflow under way, and the connections that hear of it. */
export interface Session {
  readonly workflow: string;
  /** Adds a connection whose start was taken; it is told the current node states, and that the engine rests. */
  join(seat: Seat): void;
  leave(seat: Seat): void;
  /** The seat asked the engine to rest: it does so for all. */
  pause(seat: Seat): void;
  resume(seat: Seat): void;
  /** What a person wrote; without effect when nobody waits for it. */
  give(text: string, node: string | undefined): void;
}

export interface SessionOptions {
  readonly world: World;
  readonly workflow: string;
  readonly script: WorkflowScript;
  readonly input: string;
  /** Names the stream of chance. */
  readonly label: string;
  /** The session is over and may be forgotten. */
  readonly onEnd: () => void;
}

/** How long a session without connections waits for one to come back (ms, scaled). */
const GRACE_MS = 30_000;
/** How long the engine takes to come to rest (ms, scaled): what is under way may still cross the command. */
const REST_MS = 40;
/** Bytes in a connection's queue from which the engine would rather wait. */
const SOFT_QUEUE_BYTES = 1024 * 1024;

/** Starts a session; its first event follows in a later turn. */
export function createSession(options: SessionOptions): Session {
  const { world } = options;
  const seats = new Set<Seat>();
  const nodes = new Map<string, NodeStatus>();
  let phase: "running" | "pausing" | "paused" | "over" = "running";
  let cancelGrace: Cancel = () => {};
  let cancelRest: Cancel = () => {};

  const run = runScript(world, options.script(options.input, world.random.fork(options.label)), {
    said(said: Said) {
      if (said.node !== undefined) nodes.set(said.node.id, said.node.status);
      tellAll(said.told);
    },
    ended: end,
    failed(fault) {
      world.fault(fault);
      tellAll(({ timestamp, session_uuid }) => ({
        event: "error",
        timestamp,
        data: { error: "The engine failed.", code: "internal", session_uuid },
      }));
      end("failed");
    },
    // One slow member must not hold up the others: only when all are behind does the engine wait.
    congested: () =>
      seats.size > 0 && [...seats].every(({ connection }) => connection.buffered() > SOFT_QUEUE_BYTES),
  });

  function tell(seat: Seat, told: Told): void {
    try {
      seat.connection.emit(told({ session_uuid: seat.uuid, timestamp: world.timestamp() }));
    } catch (fault) {
      world.fault(fault);
    }
  }

  function tellAll(told: Told): void {
    for (const seat of seats) tell(seat, told);
  }

  function tellNodes(to: Iterable<Seat>): void {
    for (const seat of to) for (const [id, status] of nodes) tell(seat, nodeState(id, status).told);
  }

  function end(status: "completed" | "failed"): void {
    tellAll(({ timestamp, session_uuid }) => ({
      event: "execution:completed",
      timestamp,
      data: { status, session_uuid },
    }));
    release();
  }

  function release(): void {
    phase = "over";
    run.stop();
    cancelGrace();
    cancelRest();
    options.onEnd();
    for (const seat of [...seats]) seat.ended();
    seats.clear();
  }

  const paused: Told = ({ timestamp, session_uuid }) => ({
    event: "execution:paused",
    timestamp,
    data: { session_uuid },
  });

  return {
    workflow: options.workflow,

    join(seat) {
      cancelGrace();
      seats.add(seat);
      tellNodes([seat]);
      if (phase === "pausing") seat.connection.other("session", undefined, "pausing");
      if (phase === "paused") tell(seat, paused);
    },

    leave(seat) {
      if (!seats.delete(seat) || seats.size > 0 || phase === "over") return;
      cancelGrace = world.after(GRACE_MS, release);
    },

    pause(seat) {
      run.pause();
      phase = "pausing";
      for (const other of seats) if (other !== seat) other.connection.other("session", undefined, "pausing");
      cancelRest = world.after(REST_MS, () => {
        phase = "paused";
        tellAll(paused);
      });
    },

    resume(seat) {
      phase = "running";
      for (const other of seats) if (other !== seat) other.connection.other("session", undefined, "starting");
      tellNodes(seats);
      run.resume();
    },

    give(text, node) {
      run.give(text, node);
    },
  };
}
