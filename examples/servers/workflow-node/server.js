// The `workflow` channel in Node, with ws and nothing of wireproof.
// Run: node server.js [port]. Each connection has its own session; SIGTERM closes every connection with 1001.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const SCALE = Number(process.env.WIREPROOF_TIME_SCALE ?? "1");
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 512;
/** Silence (ms) after which a client is given up: between 75 and 85 s. */
const PATIENCE_MS = 80_000 * SCALE;
const PACE_MS = 30 * SCALE;
/** A slow client may owe so many bytes before the engine waits for it, and so long. */
const QUEUE_BYTES = 1024 * 1024;
const SLOW_MS = 30_000 * SCALE;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const invalid = (message) => new Refused("invalid-payload", message);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const lengthOf = (text) => [...text].length;

/** What each command may carry: field, whether it must be there, and what it must be. */
const textOf = (least, most) => (value) =>
  typeof value === "string" && lengthOf(value) >= least && lengthOf(value) <= most;
const isUuid = (value) => typeof value === "string" && UUID.test(value);
const COMMANDS = {
  start_session: {
    required: true,
    fields: {
      workflow_id: { required: true, fits: textOf(1, 128) },
      input: { fits: textOf(0, 65536) },
      session_uuid: { fits: isUuid },
    },
  },
  pause_session: { fields: { session_uuid: { fits: isUuid } } },
  resume_session: { fields: { session_uuid: { fits: isUuid } } },
  user_input: {
    required: true,
    fields: {
      text: { required: true, fits: textOf(1, 65536) },
      node_id: { fits: (value) => typeof value === "string" },
    },
  },
  ping: { fields: { token: { fits: textOf(0, 64) } } },
};

function depthOf(text) {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}

/** The command of a frame. Throws Refused. */
function decode(text) {
  if (depthOf(text) > MAX_DEPTH) throw new Refused("too-deep", `Nested deeper than ${MAX_DEPTH}.`);
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new Refused("not-json", "The frame is not one JSON document.");
  }
  if (!isObject(frame)) throw new Refused("not-object", "A command is a JSON object.");
  if (typeof frame.cmd !== "string") {
    const other = ["event", "type"].find((name) => typeof frame[name] === "string");
    if (frame.cmd === undefined && other !== undefined)
      throw new Refused("wrong-discriminator", `Commands are named by "cmd", not by "${other}".`);
    throw new Refused("missing-discriminator", 'A command is named by the text "cmd".');
  }
  const rules = Object.hasOwn(COMMANDS, frame.cmd) ? COMMANDS[frame.cmd] : undefined;
  if (rules === undefined) throw new Refused("unknown-message", "There is no such command.");
  const stranger = Object.keys(frame).find((name) => name !== "cmd" && name !== "data");
  if (stranger !== undefined) throw invalid(`A command has no field ${JSON.stringify(stranger)}.`);
  const hasData = Object.hasOwn(frame, "data");
  if (rules.required && !hasData) throw invalid("data is missing.");
  const data = hasData ? frame.data : {};
  if (!isObject(data)) throw invalid("data is an object.");
  for (const name of Object.keys(data))
    if (!Object.hasOwn(rules.fields, name)) throw invalid(`data has no field ${JSON.stringify(name)}.`);
  for (const [name, rule] of Object.entries(rules.fields)) {
    if (!Object.hasOwn(data, name)) {
      if (rule.required) throw invalid(`data.${name} is missing.`);
    } else if (!rule.fits(data[name])) throw invalid(`data.${name} is not as it must be.`);
  }
  return { cmd: frame.cmd, data };
}

/** One run of a workflow, told to one connection. */
class Session {
  constructor(socket, { workflow_id, input = "", session_uuid }) {
    this.socket = socket;
    this.workflow = workflow_id;
    this.input = input;
    this.uuid = session_uuid;
    this.paused = false;
    this.over = false;
    this.nodes = new Map();
    this.wake = () => {};
    this.answered = () => {};
  }

  tell(event, data, nodeId) {
    if (this.over) return;
    const mark = this.uuid === undefined ? {} : { session_uuid: this.uuid };
    const node = nodeId === undefined ? {} : { node_id: nodeId };
    send(this.socket, { event, timestamp: new Date().toISOString(), ...node, data: { ...data, ...mark } });
  }

  node(name, status) {
    this.nodes.set(name, status);
    this.tell("node_state_change", { status }, name);
  }

  write(name, chunk) {
    this.tell("token_stream", { node_id: name, chunk }, name);
  }

  /** A turn of the engine: rests while the session is paused, and waits for a client that does not read. */
  async turn(ms = PACE_MS) {
    await sleep(ms);
    while (this.paused && !this.over) await new Promise((resolve) => (this.wake = resolve));
    for (let waited = 0; this.socket.bufferedAmount > QUEUE_BYTES && !this.over; waited += 20) {
      if (waited > SLOW_MS) {
        this.over = true;
        this.socket.close(4429, "slow consumer");
        setTimeout(() => this.socket.terminate(), 5000 * SCALE).unref();
      }
      await sleep(20);
    }
  }

  async run() {
    const failed = (await WORKFLOWS[this.workflow](this)) === "failed";
    this.tell("execution:completed", { status: failed ? "failed" : "completed" });
    this.over = true;
  }

  pause() {
    this.paused = true;
    this.tell("execution:paused", { reason: "asked for" });
  }

  resume() {
    for (const [name, status] of this.nodes) this.tell("node_state_change", { status }, name);
    this.paused = false;
    this.wake();
  }

  end() {
    this.over = true;
    this.wake();
    this.answered();
  }
}

const WORKFLOWS = {
  async echo(session) {
    session.node("echo", "running");
    await session.turn();
    const characters = [...session.input];
    for (let at = 0; at < characters.length; at += 4096)
      session.write("echo", characters.slice(at, at + 4096).join(""));
    session.node("echo", "completed");
  },
  async council(session) {
    const branches = ["first", "second", "third"];
    session.node("council", "running");
    session.tell("node:parallel_start", { branches }, "council");
    for (const name of branches) session.node(name, "running");
    for (let turn = 0; turn < 10; turn += 1) {
      for (const name of branches) {
        await session.turn();
        session.write(name, `thought ${turn} `);
      }
    }
    const usage = { node_id: "council", input_tokens: 12, output_tokens: 30, estimated_cost_usd: 0.001 };
    session.tell("token_usage", usage, "council");
    for (const name of branches) session.node(name, "completed");
    session.node("council", "completed");
  },
  async human(session) {
    session.node("review", "running");
    const given = new Promise((resolve) => (session.answered = resolve));
    session.tell("human_interaction_required", { reason: "Approve?" }, "review");
    await given;
    await session.turn();
    session.node("review", "completed");
  },
  async fail(session) {
    session.node("fragile", "running");
    await session.turn();
    session.tell("error", { error: "The node gave up.", code: "internal" }, "fragile");
    session.node("fragile", "failed");
    return "failed";
  },
  async flood(session) {
    session.node("flood", "running");
    const chunk = "x".repeat(4096);
    for (let count = 0; count < 5000 && !session.over; count += 1) {
      session.write("flood", chunk);
      if (session.socket.bufferedAmount > QUEUE_BYTES || count % 100 === 0) await session.turn(0);
    }
    session.node("flood", "completed");
  },
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const send = (socket, event) => {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(event));
};

/** Carries a legal command out. Throws Refused. */
function take(state, socket, { cmd, data }) {
  if (cmd === "ping") {
    send(
      socket,
      Object.hasOwn(data, "token") ? { event: "pong", data: { token: data.token } } : { event: "pong" },
    );
    return;
  }
  const session = state.session?.over === false ? state.session : undefined;
  const illegal = () => new Refused("illegal-state", `${cmd} does not fit here.`);
  if (cmd === "start_session") {
    if (session !== undefined) throw illegal();
    if (!Object.hasOwn(WORKFLOWS, data.workflow_id))
      throw new Refused("not-found", "There is no such workflow.");
    state.session = new Session(socket, data);
    void state.session.run();
    return;
  }
  if (session === undefined) throw illegal();
  const named = data.session_uuid?.toLowerCase();
  if (named !== undefined && session.uuid !== undefined && named !== session.uuid.toLowerCase())
    throw new Refused("not-found", "That session is not this connection's.");
  if (session.paused !== (cmd === "resume_session")) throw illegal();
  if (cmd === "pause_session") session.pause();
  else if (cmd === "resume_session") session.resume();
  else session.answered();
}

const http = createServer((_request, response) => response.writeHead(404).end("There is only /ws.\n"));
const server = new WebSocketServer({ server: http, path: "/ws", maxPayload: MAX_BYTES });

server.on("connection", (socket) => {
  const state = { session: undefined };
  const giveUp = setTimeout(() => socket.close(4408, "no sign of life"), PATIENCE_MS);
  for (const life of ["message", "ping", "pong"]) socket.on(life, () => giveUp.refresh());
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(giveUp);
    state.session?.end();
  });
  socket.on("message", (frame, isBinary) => {
    if (isBinary) return socket.close(1003, "this channel speaks text");
    try {
      take(state, socket, decode(frame.toString()));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      send(socket, { event: "error", data: { error: error.message, code: error.code } });
    }
  });
});

http.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () =>
  console.log(`ready on ${http.address().port}`),
);
process.once("SIGTERM", () => {
  for (const socket of server.clients) socket.close(1001, "going away");
  http.close();
  setTimeout(() => process.exit(0), 500).unref();
});
