/**
 * The kit's end of the driver protocol, whoever speaks at the other - a process or a page - and whatever carries it: hello,
 * the proof that not everything is answered with "ok", the clients that live there, and what each of them tells.
 */
import { randomBytes } from "node:crypto";
import { RunAborted, SubjectGone } from "../../interruption.js";
import { HarnessFault } from "../../judge.js";
import { within } from "../../time.js";
import { UsageError } from "../../usage-error.js";
import { reasonOf } from "../../waiting.js";
import type { Capability, LaunchOptions, RunningClient } from "../launcher.js";
import { type DriverReport, type KitHello, type KitLine, PROTOCOL, readDriverLine } from "./driver-line.js";
import { createReportLog, type ReportLog, type Telling } from "./report-log.js";

/** Who is at the other end, and how it is spoken to. */
export interface DialogueOptions {
  /** The other end, as a message to the user begins with it: `The driver "node driver.js"`. */
  readonly who: string;
  readonly post: (line: KitLine) => void;
  /** The other end is at fault: told once, with the words that the user needs. */
  readonly onFault: (fault: UsageError) => void;
  /** True where hello is said until it is answered, so that more than one answer may come. */
  readonly mayRepeatHello?: boolean;
}

/** What a client that does not share the other end has of its own. */
export interface OwnEnd {
  readonly process: RunningClient["process"];
  /** Ends it; false when it would not go. */
  stop(): Promise<boolean>;
}

/** One conversation with a driver. */
export interface Dialogue {
  /** Of its hello; empty before. */
  readonly capabilities: readonly Capability[];
  /** Says hello and waits for the answer; `suspicious`: also proves that an unknown command is `unsupported`. Throws UsageError. */
  greet(hello: Omit<KitHello, "type" | "protocol">, how: GreetOptions): Promise<void>;
  /** A line of the other end: what JSON.parse gave, and the text to show. */
  receive(value: unknown, shown: string): void;
  /** Something came that is no line at all. */
  broken(why: string, shown: string): void;
  /** The other end is at fault; the text goes on after its name. */
  blame(text: string): void;
  /**
   * The other end is gone (`exited with 1`), and with it all its clients. `words`: what it wrote last, once that has come;
   * `crowd`: how many clients went with it, where that is more than live here.
   */
  died(how: string, words: Promise<string>, crowd?: number): void;
  open(launch: LaunchOptions, own?: OwnEnd): RunningClient;
  /** How many clients lived there when the other end went. */
  readonly lost: number;
  /** Says that the run is over. */
  stop(): void;
}

/** How long a hello may take (milliseconds), and whether the driver is tried. */
export interface GreetOptions {
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly suspicious: boolean;
}

/** How long a driver may take to say that it does not know a command, and a client to say that it is closed (milliseconds). */
const TIMES = { unsupportedMs: 10_000, closeMs: 1000 } as const;

/** How much one client may tell: reports, and characters of all their payloads. A flood of events is part of the checks. */
const MOST = { reports: 200_000, characters: 512 * 1024 * 1024 } as const;

/** What is shown of a line that is none (characters). */
const SHOWN = 300;

/** Nobody's id: of the question whether the driver knows a command that nobody knows. */
const NOBODY = "nobody";

/** The number of that question: the commands of checks count from 1. */
const QUESTION = 0;

interface Client {
  readonly launch: LaunchOptions;
  readonly log: ReportLog;
  readonly end: () => void;
  characters: number;
  sent: number;
  gone: string | undefined;
  excuse: string | undefined;
}

/** Opens a dialogue with the other end of `post`. */
export function createDialogue({ who, post, onFault, mayRepeatHello }: DialogueOptions): Dialogue {
  const clients = new Map<string, Client>();
  /** All that ever lived: what is said of them afterwards comes late, and is no fault. */
  const known = new Set<string>();
  let capabilities: readonly Capability[] | undefined;
  let fault: UsageError | undefined;
  let dead: { readonly how: string; readonly words: Promise<string> } | undefined;
  let lost = 0;
  let suspicious = false;
  let changed: () => void = () => undefined;

  function blame(text: string): void {
    if (fault !== undefined) return;
    fault = new UsageError(`${who} ${text}`);
    onFault(fault);
    changed();
    for (const { log } of clients.values()) log.changed();
  }

  function broken(why: string, shown: string): void {
    const line = shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown;
    blame(
      `said something that is not in the driver protocol (schemas/driver.json): ${why}. It said: ${line} Only the protocol belongs there; a process writes its logs to standard error.`,
    );
  }

  /** Waits for something that the other end is to say before there is any client. Throws its fault, and RunAborted. */
  async function hear<T>(
    look: () => T | undefined,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const heard = new Promise<T | undefined>((resolve) => {
      changed = () => {
        const value = look();
        if (value !== undefined) resolve(value);
        else if (fault !== undefined || dead !== undefined) resolve(undefined);
      };
      changed();
    });
    const value = await within(heard, waitMs, signal);
    changed = () => undefined;
    if (fault !== undefined) throw fault;
    if (signal.aborted) throw new RunAborted(reasonOf(signal));
    return value;
  }

  let answered: true | undefined;

  /** An answer to the question that only one answer is right for. */
  function isAnswer(line: DriverReport): boolean {
    if (!("of" in line) || line.of !== QUESTION) return false;
    if (line.type === "unsupported") {
      answered = true;
      changed();
    } else {
      blame(
        `answered a command that nobody knows with ${line.ok ? '"ok"' : "a failure"} instead of \`unsupported\`: then its other answers prove nothing. Answer \`unsupported\` to every op that you do not know, before anything else is looked at.`,
      );
    }
    return true;
  }

  function tell(client: Client, line: DriverReport, shown: string): void {
    const { log } = client;
    client.characters += shown.length;
    if (log.told.length >= MOST.reports || client.characters > MOST.characters) {
      blame(`told more of one client than the kit keeps (${log.told.length} reports).`);
      return;
    }
    if ("of" in line && line.of > client.sent) {
      broken(`\`of\` is ${line.of}, and this client was asked to send ${client.sent} commands`, shown);
      return;
    }
    const { type, id: _, ...said } = line;
    // Each kind of report is its type of line without the id.
    log.tell({ kind: type, ...said } as Telling);
  }

  function open(launch: LaunchOptions, own?: OwnEnd): RunningClient {
    if (fault !== undefined) throw fault;
    if (dead !== undefined) throw new SubjectGone(`${who} ${dead.how}.`);
    const id = launch.caseId;
    if (known.has(id)) throw new HarnessFault(`Two clients are called ${id}.`);
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const client: Client = {
      launch,
      log: createReportLog({
        signal: launch.signal,
        clock: launch.clock,
        fault: () => fault,
        isOver: () => client.gone !== undefined,
      }),
      end,
      characters: 0,
      sent: 0,
      gone: undefined,
      excuse: undefined,
    };
    known.add(id);
    clients.set(id, client);
    post({
      type: "open",
      id,
      url: launch.url,
      options: {
        timeScale: launch.timeScale,
        seed: launch.seed,
        ...(launch.origin === undefined ? {} : { origin: launch.origin }),
        ...(launch.ca === undefined ? {} : { ca: launch.ca }),
      },
    });
    if (suspicious) ask(id);
    suspicious = false;

    const say = (line: KitLine): void => {
      if (fault !== undefined) throw fault;
      if (client.gone !== undefined) throw new SubjectGone(`The client is gone: ${client.gone}.`);
      post(line);
    };
    return {
      reports: true,
      told: client.log.told,
      next: client.log.next,
      ended,
      get gone() {
        return client.gone;
      },
      get excuse() {
        return client.excuse;
      },
      send(op, payload) {
        client.sent += 1;
        say({ type: "send", id, op, payload, of: client.sent });
        return client.sent;
      },
      close: () => say({ type: "close", id }),
      process: own?.process,
      async stop() {
        if (client.gone === undefined && fault === undefined) {
          post({ type: "close", id });
          await client.log.closed(TIMES.closeMs);
        }
        clients.delete(id);
        const ended = own === undefined || (await own.stop());
        end();
        return ended;
      },
    };
  }

  function ask(id: string): void {
    const op = `no-such-command-${randomBytes(6).toString("hex")}`;
    post({ type: "send", id, op, payload: {}, of: QUESTION });
  }

  return {
    get capabilities() {
      return capabilities ?? [];
    },
    get lost() {
      return lost;
    },
    stop: () => post({ type: "stop" }),
    async greet(hello, how) {
      post({ type: "hello", protocol: PROTOCOL, ...hello });
      const seconds = Math.round(how.waitMs / 1000);
      await hear(() => capabilities, how.waitMs, how.signal);
      if (capabilities === undefined) {
        throw new UsageError(
          dead === undefined
            ? `${who} did not answer the kit's hello within ${seconds} s. It is to answer {"type":"hello","protocol":${PROTOCOL},…} (schemas/driver.json); give it longer with --wait.`
            : `${who} ${dead.how} before it said hello.${await dead.words}`,
        );
      }
      if (!how.suspicious) return;
      ask(NOBODY);
      await hear(() => answered, TIMES.unsupportedMs, how.signal);
      if (answered === undefined) {
        throw new UsageError(
          dead === undefined
            ? `${who} did not answer \`unsupported\` to a command that nobody knows: it must, before anything else is looked at, also for a client that is not open. Otherwise its silence would prove nothing.`
            : `${who} ${dead.how} when it was asked for a command that nobody knows.${await dead.words}`,
        );
      }
      suspicious = true;
    },
    receive(value, shown) {
      if (fault !== undefined) return;
      const read = readDriverLine(value);
      if (!read.ok) {
        broken(read.why, shown);
        return;
      }
      const { line } = read;
      if (line.type === "hello") {
        if (capabilities === undefined) capabilities = line.capabilities;
        else if (mayRepeatHello !== true) broken("a second hello", shown);
        changed();
        return;
      }
      if (capabilities === undefined) {
        broken("its hello comes first", shown);
        return;
      }
      if (isAnswer(line)) return;
      const client = clients.get(line.id);
      if (client !== undefined) tell(client, line, shown);
      else if (!known.has(line.id)) broken(`there is no client ${JSON.stringify(line.id)}`, shown);
    },
    broken,
    blame,
    died(how, words, crowd = clients.size) {
      dead = { how, words };
      changed();
      lost = clients.size;
      for (const client of clients.values()) {
        client.gone = how;
        void words.then((text) => client.launch.note(`${who} ${how}.${text}`));
        if (crowd > 1) {
          client.excuse = `what ${crowd} clients lived in ${how}: nobody can say because of which of them`;
        }
        client.log.changed();
        client.end();
      }
    },
    open,
  };
}
