/** Faults in taking and refusing commands: S-CD-01, S-CD-03 to S-CD-08, S-CD-10. */
import { isJson, memberOf, objectIn } from "../content.js";
import { altered, type Mutant } from "../mutant.js";

const WORKFLOW_COMMANDS = new Set(["start_session", "pause_session", "resume_session", "user_input", "ping"]);

export const commandMutants: readonly Mutant[] = [
  altered({
    name: "valid-command-refused",
    fault: "Refuses a valid command for its payload when an optional field is missing.",
    channel: "workflow",
    killedBy: "S-CD-01",
    alter: () => ({
      command(text, line) {
        const frame = objectIn(text);
        if (frame?.["cmd"] !== "start_session" || "session_uuid" in memberOf(frame, "data")) return undefined;
        const data = { error: "session_uuid is required", code: "invalid-payload" };
        line.toClient(JSON.stringify({ event: "error", data }));
        return [];
      },
    }),
  }),
  altered({
    name: "extra-field-accepted",
    fault: "Accepts a command with an unknown field.",
    channel: "tasks",
    killedBy: "S-CD-03",
    alter: () => ({
      command(text) {
        const frame = objectIn(text);
        if (frame === undefined) return undefined;
        const known = Object.entries(frame).filter(([key]) => key === "event" || key === "session_id");
        return [JSON.stringify(Object.fromEntries(known))];
      },
    }),
  }),
  altered({
    name: "bad-json-closes-1000",
    fault: "Closes with 1000 on text that is no JSON.",
    channel: "workflow",
    killedBy: "S-CD-04",
    alter: () => ({
      command(text, line) {
        if (isJson(text)) return undefined;
        line.close(1000);
        return [];
      },
    }),
  }),
  altered({
    name: "bad-json-closes-1006",
    fault: "Drops the connection on text that is no JSON.",
    channel: "tasks",
    killedBy: "S-CD-04",
    alter: () => ({
      command(text, line) {
        if (isJson(text)) return undefined;
        line.reset();
        return [];
      },
    }),
  }),
  altered({
    name: "array-kills-connection",
    fault: "Drops the connection on a JSON array.",
    channel: "workflow",
    killedBy: "S-CD-04",
    alter: () => ({
      command(text, line) {
        if (!text.trimStart().startsWith("[")) return undefined;
        line.reset();
        return [];
      },
    }),
  }),
  altered({
    name: "unknown-command-ignored",
    fault: "Ignores an unknown command in silence.",
    channel: "workflow",
    killedBy: "S-CD-05",
    alter: () => ({
      command(text) {
        const cmd = objectIn(text)?.["cmd"];
        return typeof cmd === "string" && !WORKFLOW_COMMANDS.has(cmd) ? [] : undefined;
      },
    }),
  }),
  altered({
    name: "foreign-field-accepted",
    fault: "Takes a command that names itself with `type` for `cmd`.",
    channel: "workflow",
    killedBy: "S-CD-10",
    alter: () => ({
      command: (text) => [text.includes('"cmd":') ? text : text.replace('"type":', '"cmd":')],
    }),
  }),
];
