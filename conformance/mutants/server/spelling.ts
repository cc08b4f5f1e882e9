/** Faults in reading JSON that is unusual or hostile: S-CD-06, S-CD-07, S-CD-08. */
import { startServer } from "../../../reference-server/server.js";
import { objectIn } from "../content.js";
import { type FrameProxy, startFrameProxy } from "../frame-proxy.js";
import { altered, type Mutant } from "../mutant.js";

export const spellingMutants: readonly Mutant[] = [
  altered({
    name: "escapes-not-read",
    fault: "Takes the escape of a letter for six characters.",
    channel: "workflow",
    killedBy: "S-CD-06",
    alter: () => ({ command: (text) => [text.replace(/(?<!\\)\\u00(?=[4-7])/g, "\\\\u00")] }),
  }),
  altered({
    name: "escaped-solidus-kept",
    fault: "Keeps the backslash of an escaped solidus.",
    channel: "answer",
    killedBy: "S-CD-06",
    alter: () => ({ command: (text) => [text.replace(/(?<!\\)\\\//g, "\\\\/")] }),
  }),
  altered({
    name: "name-must-come-first",
    fault: "Finds the name of a command only where it is the first member.",
    channel: "tasks",
    killedBy: "S-CD-06",
    alter: () => ({
      command(text) {
        const frame = objectIn(text);
        return frame !== undefined && Object.keys(frame)[0] !== "event" ? ["{}"] : undefined;
      },
    }),
  }),
  altered({
    name: "line-ends-between-tokens-refused",
    fault: "Takes a line end between two tokens for broken JSON.",
    channel: "pipeline",
    killedBy: "S-CD-06",
    // Inside a string a line end is written as an escape.
    alter: () => ({
      command: (text) => (objectIn(text) !== undefined && text.includes("\n") ? ["{"] : undefined),
    }),
  }),
  altered({
    name: "nul-eaten",
    fault: "Loses the NUL characters of a text.",
    channel: "answer",
    killedBy: "S-CD-07",
    alter: () => ({ command: (text) => [text.replaceAll("\\u0000", "")] }),
  }),
  altered({
    name: "text-cut-at-64-kilobytes",
    fault: "Keeps only the first 65 000 characters of a text.",
    channel: "conversation",
    killedBy: "S-CD-07",
    alter: () => ({ command: (text) => [text.replace(/"([^"\\]{65000})[^"\\]*"/g, '"$1"')] }),
  }),
  altered({
    name: "nul-refused",
    fault: "Refuses a text with a NUL character in it.",
    channel: "workflow",
    killedBy: "S-CD-07",
    alter: () => ({
      command(text, line) {
        if (objectIn(text) === undefined || !text.includes("\\u0000")) return undefined;
        line.toClient(JSON.stringify({ event: "error", data: { error: "no NUL", code: "invalid-payload" } }));
        return [];
      },
    }),
  }),
  altered({
    name: "integers-of-32-bits",
    fault: "Refuses integers that 32 bits do not hold.",
    channel: "pipeline",
    killedBy: "S-CD-07",
    alter: () => ({
      command: (text) => (/[:,[]-?\d{11,}[,}\]]/.test(text) ? ['{"type":"message"}'] : undefined),
    }),
  }),
  altered({
    name: "exponent-refused",
    fault: "Refuses an integer that is written with a fraction or an exponent.",
    channel: "pipeline",
    killedBy: "S-CD-07",
    verdict: "warn",
    alter: () => ({
      command: (text) => (/[:,[]1(?:\.0|e2)[,}\]]/.test(text) ? ['{"type":"message"}'] : undefined),
    }),
  }),
  dyingOf("dies-of-depth", "Its parser recurses, and a deep frame ends the process.", "workflow", (text) =>
    text.includes("[".repeat(5000)),
  ),
  dyingOf("dies-of-deep-objects", "A deep frame of objects ends the process.", "answer", (text) =>
    text.includes('{"a":'.repeat(5000)),
  ),
  dyingOf("dies-of-proto", "A member called __proto__ ends the process.", "tasks", (text) =>
    text.includes('"__proto__"'),
  ),
  altered({
    name: "poisoned-by-constructor",
    fault: "A member called constructor spoils what every later connection gets.",
    channel: "pipeline",
    killedBy: "S-CD-08",
    across: () => {
      let poisoned = false;
      return () => ({
        command(text) {
          if (text.includes('"constructor"')) poisoned = true;
          return undefined;
        },
        event: () => (poisoned ? [] : undefined),
      });
    },
  }),
  altered({
    name: "deaf-after-repeated-members",
    fault: "A member that is repeated often makes the server deaf to new connections.",
    channel: "conversation",
    killedBy: "S-CD-08",
    across: () => {
      let deaf = false;
      return () => ({
        command(text) {
          if (text.split('"wireproof":1').length > 100) deaf = true;
          return deaf && text.startsWith("42") ? [] : undefined;
        },
      });
    },
  }),
];

/** A server whose process one frame ends. */
function dyingOf(name: string, fault: string, channel: string, kills: (text: string) => boolean): Mutant {
  return {
    name,
    fault,
    channel,
    killedBy: "S-CD-08",
    async start({ timeScale, seed }) {
      const server = await startServer({ port: 0, channels: [channel], timeScale, seed });
      let proxy: FrameProxy | undefined;
      let dead: Promise<void> | undefined;
      proxy = await startFrameProxy(server.port, () => ({
        command(text) {
          if (kills(text)) dead ??= proxy?.close();
          return undefined;
        },
      }));
      return {
        url: `ws://127.0.0.1:${proxy.port}`,
        async close() {
          await (dead ?? proxy?.close());
          await server.close();
        },
      };
    },
  };
}
