import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createAjv } from "../../../src/contract/validate.js";
import { ROOT } from "../../../test/requirement.js";
import type { Launcher } from "../launcher.js";
import { type DriverOptions, openDriver } from "./driver.js";
import {
  createPrograms,
  HELLO,
  isAlive,
  type Listening,
  launchOptions,
  listen,
  until,
} from "./test-launch.js";

const programs = createPrograms();
let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(async () => {
  await server.stop();
  programs.remove();
});

const launchers: Launcher[] = [];
afterEach(async () => {
  for (const launcher of launchers.splice(0)) await launcher.stop();
});

let written = 0;

/** A driver that answers each line with what `answers` (a function body with `line` and `say`) says. */
async function driving(answers: string, more: Partial<DriverOptions> = {}): Promise<Launcher> {
  written += 1;
  const file = programs.write(
    `driver-${written}.mjs`,
    `import { createInterface } from "node:readline";
     const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
     const hello = (...capabilities) => say({ type: "hello", protocol: 1, name: "test", version: "1", capabilities });
     const clients = new Map();
     createInterface({ input: process.stdin }).on("line", (text) => { const line = JSON.parse(text); ${answers} });`,
  );
  const launcher = await openDriver({
    argv: [process.execPath, file],
    hello: HELLO,
    waitMs: 20_000,
    signal: new AbortController().signal,
    ...more,
  });
  launchers.push(launcher);
  return launcher;
}

/** What an honest driver does about hello and commands that it does not know. */
const HONEST = `if (line.type === "hello") hello();
  if (line.type === "send" && line.op !== "say") say({ type: "unsupported", id: line.id, of: line.of });
  if (line.type === "stop") process.exit();`;

const usage = (message: RegExp) => ({ name: "UsageError", message: expect.stringMatching(message) });

describe("the driver that is shipped for ws", () => {
  it("opens, delivers, sends, says what it does not know, and closes", async () => {
    const launcher = await openDriver({
      argv: [process.execPath, join(ROOT, "examples/drivers/node-ws/driver.js")],
      hello: HELLO,
      signal: new AbortController().signal,
    });
    launchers.push(launcher);
    expect(launcher).toMatchObject({ mode: "driver", reports: true, capabilities: [], faults: [] });
    const from = server.sockets.length;
    const client = await launcher.start(launchOptions(server.url));
    await client.next((report) => report.kind === "state" && report.state === "connected", 20_000);
    const socket = server.sockets[from];
    // Line ends of other alphabets and halves of characters are no reason to lose a line.
    const payload = { event: "said", text: "a\nb\u2028c\u2029d\u0085e😀" };
    socket?.send(JSON.stringify(payload));
    expect(await client.next(({ kind }) => kind === "event", 20_000)).toMatchObject({ payload });
    const of = client.send("say", { cmd: "say", text: payload.text });
    expect(await client.next(({ kind }) => kind === "reply", 20_000)).toMatchObject({ of, ok: true });
    await until(() => server.received.length > 0);
    expect(JSON.parse(server.received.at(-1) ?? "")).toEqual({ cmd: "say", text: payload.text });
    const unknown = client.send("dance", {});
    expect(await client.next(({ kind }) => kind === "unsupported", 20_000)).toMatchObject({ of: unknown });
    client.close();
    expect(
      await client.next((report) => report.kind === "state" && report.state === "disconnected", 20_000),
    ).toMatchObject({ code: 1000 });
    expect(await client.stop()).toBe(true);
    expect(client.gone).toBeUndefined();
  });

  it("has many clients in one process", async () => {
    const launcher = await openDriver({
      argv: [process.execPath, join(ROOT, "examples/drivers/node-ws/driver.js")],
      hello: HELLO,
      signal: new AbortController().signal,
    });
    launchers.push(launcher);
    const from = server.sockets.length;
    const clients = await Promise.all([1, 2, 3].map(() => launcher.start(launchOptions(server.url))));
    for (const client of clients) {
      await client.next((report) => report.kind === "state" && report.state === "connected", 20_000);
      expect(client.process).toBeUndefined();
    }
    for (const socket of server.sockets.slice(from)) socket.send('"to one"');
    for (const client of clients) {
      await client.next(({ kind }) => kind === "event", 20_000);
      expect(client.told.filter(({ kind }) => kind === "event")).toHaveLength(1);
    }
  });
});

describe("a driver that cannot be trusted is the user's to mend", () => {
  it.each([
    [
      "one that says ok to everything",
      `if (line.type === "hello") hello(); if (line.type === "send") say({ type: "reply", id: line.id, of: line.of, ok: true });`,
      /answered a command that nobody knows with "ok" instead of `unsupported`/,
    ],
    [
      "one that fails everything",
      `if (line.type === "hello") hello(); if (line.type === "send") say({ type: "reply", id: line.id, of: line.of, ok: false });`,
      /answered a command that nobody knows with a failure instead of `unsupported`/,
    ],
    [
      "one that writes its log where the protocol belongs",
      `console.log("starting up…");`,
      /said something that is not in the driver protocol .* a line is no JSON\. It said: starting up….*standard error/,
    ],
    [
      "one that misspells a field",
      `if (line.type === "hello") say({ type: "hello", protocol: 1, name: "x", version: "1", capabilites: [] });`,
      /at \/capabilit\w+ it wants/,
    ],
    [
      "one of another version",
      `if (line.type === "hello") say({ type: "hello", protocol: 2, name: "x", version: "1", capabilities: [] });`,
      /at \/protocol it wants .*1.* and has 2/,
    ],
    [
      "one that invents a type",
      `say({ type: "ready" });`,
      /its `type` is "ready", and a driver writes hello, state/,
    ],
    [
      "one that speaks before its hello",
      `say({ type: "unsupported", id: "a", of: 1 });`,
      /its hello comes first/,
    ],
    [
      "one that dies",
      `console.error("no such module"); process.exit(4);`,
      /exited with 4 before it said hello.*no such module/s,
    ],
  ])("%s", async (_, script, message) => {
    await expect(driving(script)).rejects.toMatchObject(usage(message));
  });

  it("one that never says hello", async () => {
    await expect(driving("", { waitMs: 300 })).rejects.toMatchObject(
      usage(/did not answer the kit's hello within 0 s.*--wait/),
    );
  });

  it("one that is not there", async () => {
    await expect(driving("", { argv: ["/no/such/driver"] })).rejects.toMatchObject(usage(/ENOENT/));
  });

  it("one that is honest only as long as no client is open", async () => {
    const launcher = await driving(
      `${HONEST.replace('line.op !== "say"', "!clients.has(line.id)")}
       if (line.type === "open") clients.set(line.id, line);
       if (line.type === "send" && clients.has(line.id)) say({ type: "reply", id: line.id, of: line.of, ok: true });`,
    );
    const client = await launcher.start(launchOptions(server.url));
    await expect(client.next(() => false, 20_000)).rejects.toMatchObject(
      usage(/that nobody knows with "ok"/),
    );
    expect(launcher.faults).toEqual([expect.stringMatching(/that nobody knows with "ok"/)]);
  });
});

describe("a driver that breaks its protocol later", () => {
  it.each([
    ["garbage", `process.stdout.write("garbage \\u0000\\n");`, /a line is no JSON\. It said: garbage/],
    [
      "a state that there is not",
      `say({ type: "state", id: line.id, state: "open" });`,
      /at \/state it wants/,
    ],
    ["an event without a payload", `say({ type: "event", id: line.id });`, /at \/payload it wants/],
    [
      "a client that there is not",
      `say({ type: "state", id: "else", state: "connected" });`,
      /there is no client "else"/,
    ],
    [
      "an answer that nobody asked for",
      `say({ type: "reply", id: line.id, of: 9, ok: true });`,
      /`of` is 9, and this client was asked to send 0/,
    ],
    ["a second hello", "hello();", /a second hello/],
  ])("is named by the line, and no client is charged: %s", async (_, script, message) => {
    const launcher = await driving(`${HONEST} if (line.type === "open") { ${script} }`);
    const client = await launcher.start(launchOptions(server.url));
    await expect(client.next(() => false, 20_000)).rejects.toMatchObject(usage(message));
    expect(client.gone).toBeUndefined();
    expect(() => client.send("say", {})).toThrow(message);
    await expect(launcher.start(launchOptions(server.url))).rejects.toMatchObject(usage(message));
    expect(launcher.faults).toEqual([expect.stringMatching(message)]);
  });

  it("may say what it has to say late, of a client that is gone", async () => {
    const launcher = await driving(
      `${HONEST} if (line.type === "close") say({ type: "state", id: line.id, state: "disconnected" });`,
    );
    const first = await launcher.start(launchOptions(server.url));
    await first.stop();
    const second = await launcher.start(launchOptions(server.url));
    expect(await second.next(() => false, 200)).toBeUndefined();
    expect(launcher.faults).toEqual([]);
  });
});

describe("a driver that dies", () => {
  const DIES = `${HONEST}
    if (line.type === "open") { clients.set(line.id, line); say({ type: "state", id: line.id, state: "connected" }); }
    if (line.type === "send" && line.op === "say") { console.error("out of cheese"); process.exit(7); }`;

  it("takes its client with it: that is told at once, and the next one gets a process of its own", async () => {
    const notes: string[] = [];
    const launcher = await driving(DIES);
    const client = await launcher.start(launchOptions(server.url, { note: (text) => notes.push(text) }));
    await client.next(({ kind }) => kind === "state", 20_000);
    client.send("say", {});
    expect(await client.next(() => false, 60_000)).toBeUndefined();
    expect(client).toMatchObject({ gone: "exited with 7", excuse: undefined });
    await client.ended;
    expect(() => client.send("say", {})).toThrow(/The client is gone: exited with 7/);
    await until(() => notes.length > 0);
    expect(notes.join()).toMatch(/exited with 7\. It wrote last:\s+out of cheese/);
    const next = await launcher.start(launchOptions(server.url));
    expect(await next.next(({ kind }) => kind === "state", 20_000)).toBeDefined();
    expect(next.process?.exit).toBeUndefined();
    expect(launcher.faults).toEqual([]);
  });

  it("is charged to none of several clients that shared it", async () => {
    const launcher = await driving(DIES);
    const [one, other] = await Promise.all([1, 2].map(() => launcher.start(launchOptions(server.url))));
    await other?.next(({ kind }) => kind === "state", 20_000);
    one?.send("say", {});
    await other?.ended;
    for (const client of [one, other]) {
      expect(client?.gone).toBe("exited with 7");
      expect(client?.excuse).toMatch(/what 2 clients lived in exited with 7/);
    }
    const [third, fourth] = await Promise.all([1, 2].map(() => launcher.start(launchOptions(server.url))));
    third?.send("say", {});
    await third?.ended;
    expect(third).toMatchObject({ gone: "exited with 7", excuse: undefined });
    expect(fourth?.gone).toBeUndefined();
  });
});

describe("a driver whose client cannot live twice in one process", () => {
  it("is started once for each client, and each ends with its client", async () => {
    const launcher = await driving(
      `${HONEST.replace("hello()", 'hello("one-client", "replies")')}
       if (line.type === "open") say({ type: "event", id: line.id, payload: process.pid });`,
    );
    expect(launcher.capabilities).toEqual(["one-client", "replies"]);
    const clients = await Promise.all([1, 2].map(() => launcher.start(launchOptions(server.url))));
    const pids = await Promise.all(
      clients.map(async (client) => {
        const report = await client.next(({ kind }) => kind === "event", 20_000);
        return report?.kind === "event" ? Number(report.payload) : 0;
      }),
    );
    expect(new Set(pids).size).toBe(2);
    expect(await clients[0]?.stop()).toBe(true);
    await until(() => !isAlive(pids[0] ?? 0));
    expect(isAlive(pids[1] ?? 0)).toBe(true);
  });
});

describe("the schema of the driver protocol", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "schemas/driver.json"), "utf8"));
  const ajv = createAjv();
  const valid = ajv.compile(schema);
  const examples: [string, { readonly [field: string]: unknown }][] = Object.entries(
    schema.definitions,
  ).flatMap(
    // The file is ours, and only its lines have examples.
    ([name, definition]) =>
      ((definition as { examples?: [] }).examples ?? []).map((line): [string, never] => [name, line]),
  );

  it("has an example of each line", () => {
    const lines = schema.oneOf.map(({ $ref }: { $ref: string }) => $ref.split("/").at(-1));
    expect(new Set(examples.map(([name]) => name))).toEqual(new Set(lines));
  });

  it.each(examples)("accepts %s: %j", (name, line) => {
    expect(valid(line), ajv.errorsText(valid.errors)).toBe(true);
    // Each line is of one kind only: a driver's hello is not the kit's.
    const own = ajv.compile({
      ...schema,
      $id: `https://wireproof.dev/test/${name}-${JSON.stringify(line).length}`,
      oneOf: [{ $ref: `#/definitions/${name}` }],
    });
    expect(own(line)).toBe(true);
  });

  it.each(examples)("refuses %s with one field more, or one too few: %j", (_, line) => {
    expect(valid({ ...line, extra: 1 })).toBe(false);
    const { type: __, ...rest } = line;
    expect(valid(rest)).toBe(false);
  });
});
