/** Faults in the heartbeat and in patience: S-HB-01 to S-HB-05. */
import { objectIn } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

export const heartbeatMutants: readonly Mutant[] = [
  altered({
    name: "no-pong",
    fault: "Never answers a ping of the application.",
    channel: "pipeline",
    killedBy: "S-HB-02",
    alter: () => ({ event: (text) => (objectIn(text)?.["type"] === "pong" ? [] : undefined) }),
  }),
  altered({
    name: "pong-without-token",
    fault: "Answers a ping without its token.",
    channel: "workflow",
    killedBy: "S-HB-02",
    alter: () => ({
      event: (text) =>
        objectIn(text)?.["event"] === "pong" ? [JSON.stringify({ event: "pong" })] : undefined,
    }),
  }),
];
