/** Launch mode `driver`: a process that the kit steers by lines on its standard input and output, one for all clients or one each. */
import type { ProcessGroup } from "../../process-group.js";
import { within } from "../../time.js";
import type { Launcher, LaunchOptions, RunningClient } from "../launcher.js";
import { asSeen, type ClientProgram, startProgram, watchEnd } from "./client-process.js";
import { createCrowd, PROCESSES_AT_ONCE } from "./crowd.js";
import { createDialogue, type Dialogue } from "./dialogue.js";
import type { KitHello } from "./driver-line.js";
import { createLineReader, LONGEST_LINE } from "./lines.js";

/** What {@link openDriver} needs. */
export interface DriverOptions extends ClientProgram {
  /** What the driver is told of the run. */
  readonly hello: Omit<KitHello, "type" | "protocol">;
  /** How long it may take until it says hello (milliseconds); default 30 000. */
  readonly waitMs?: number;
  /** How many clients may live at once; default 32. */
  readonly atOnce?: number;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
}

/** Default of {@link DriverOptions.waitMs}: some drivers are compiled before they run. */
const WAIT_MS = 30_000;

/** How much may wait to be read by a driver (bytes), and how long it has to end by itself (milliseconds). */
const MOST_UNREAD = 64 * 1024 * 1024;
const STOP_MS = 1000;

/** A process of the driver. */
interface Station {
  readonly group: ProcessGroup;
  readonly dialogue: Dialogue;
  /** Ends it; false when it would not go. */
  stop(): Promise<boolean>;
}

/** Starts the driver and proves that its answers mean something. Throws UsageError for one whose do not. */
export async function openDriver(options: DriverOptions): Promise<Launcher> {
  const faults: string[] = [];
  const stations = new Set<Station>();
  const crowd = createCrowd(options.atOnce ?? PROCESSES_AT_ONCE);

  async function fresh(signal: AbortSignal, suspicious: boolean): Promise<Station> {
    const station = await startStation(options, { signal, suspicious, faults });
    stations.add(station);
    return station;
  }

  const first = await fresh(options.signal, true);
  const { capabilities } = first.dialogue;
  let shared = Promise.resolve(first);
  let apart = capabilities.includes("one-client");
  let unused: Station | undefined = apart ? first : undefined;

  async function place(signal: AbortSignal): Promise<{ readonly station: Station; readonly own: boolean }> {
    for (;;) {
      if (apart) {
        const station = unused;
        unused = undefined;
        if (station !== undefined && station.group.exit === undefined) return { station, own: true };
        return { station: await fresh(signal, false), own: true };
      }
      const joined = shared;
      const station = await joined;
      if (station.group.exit === undefined) return { station, own: false };
      // A client has ended the process of many: from now on each has one of its own, so that it ends only itself.
      if (station.dialogue.lost > 0) apart = true;
      else if (shared === joined) shared = fresh(signal, false);
    }
  }

  async function start(launch: LaunchOptions): Promise<RunningClient> {
    const { station, own } = await place(launch.signal);
    if (!own) return station.dialogue.open(launch);
    return station.dialogue.open(launch, {
      process: asSeen(station.group),
      async stop() {
        stations.delete(station);
        return station.stop();
      },
    });
  }

  return {
    mode: "driver",
    reports: true,
    atOnce: crowd.most,
    capabilities,
    faults,
    start: (launch) => crowd.admit(launch.signal, () => start(launch)),
    async stop() {
      await crowd.stop();
      await Promise.all([...stations].map((station) => station.stop()));
    },
  };
}

async function startStation(
  options: DriverOptions,
  how: { readonly signal: AbortSignal; readonly suspicious: boolean; readonly faults: string[] },
): Promise<Station> {
  const { argv, hello } = options;
  let group: ProcessGroup | undefined;
  const dialogue = createDialogue({
    who: `The driver "${argv.join(" ")}"`,
    post(line) {
      const stdin = group?.stdin;
      if (!stdin?.writable) return;
      stdin.write(`${asciiJson(line)}\n`);
      if (stdin.writableLength > MOST_UNREAD) dialogue.blame("does not read its standard input.");
    },
    onFault: ({ message }) => how.faults.push(message),
  });
  const read = createLineReader(
    (text) => {
      if (text.trim() === "") return;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        dialogue.broken("a line is no JSON", text);
        return;
      }
      dialogue.receive(value, text);
    },
    (beginning) => dialogue.broken(`a line has more than ${LONGEST_LINE} characters`, beginning),
  );
  const started = await startProgram(options, {
    env: { WIREPROOF_TIME_SCALE: String(hello.timeScale), WIREPROOF_SEED: String(hello.seed) },
    read,
  });
  group = started;
  watchEnd(started, dialogue.died);
  async function stop(): Promise<boolean> {
    dialogue.stop();
    // A driver that reads to the end ends as well.
    started.stdin?.end();
    await within(started.gone, STOP_MS);
    await started.stop();
    return started.exit !== undefined;
  }
  try {
    await dialogue.greet(hello, {
      waitMs: options.waitMs ?? WAIT_MS,
      signal: how.signal,
      suspicious: how.suspicious,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { group: started, dialogue, stop };
}

/** JSON in ASCII: whatever a driver takes for the end of a line, or for the encoding of its input, it reads the same. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
