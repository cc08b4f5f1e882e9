/**
 * Launch mode `browser`: a page that speaks the driver protocol by `postMessage`. Each client is a frame of its own in a
 * wrapper page of the kit's, which Chromium opens where there is one, and else whoever is told its URL.
 */
import { UsageError } from "../../usage-error.js";
import { createWaiting } from "../../waiting.js";
import type { Launcher, LaunchOptions, RunningClient } from "../launcher.js";
import { findChromium, type OpenBrowser, openChromium } from "./chromium.js";
import { createCrowd } from "./crowd.js";
import { createDialogue, type Dialogue } from "./dialogue.js";
import type { KitHello } from "./driver-line.js";
import { startPageServer } from "./page-server.js";

/** What {@link openBrowser} needs. */
export interface BrowserOptions {
  /** A URL, or the path of an HTML file: then its folder is served. */
  readonly page: string;
  readonly hello: Omit<KitHello, "type" | "protocol">;
  /** Shows a line to the user. */
  readonly tell: (text: string) => void;
  /** The browser to start; absent: Chromium where there is one; `null`: none, somebody opens the URL that is told. */
  readonly program?: string | null;
  /** How long the page may take to be opened, and then to say hello (milliseconds); default 30 000, and 5 minutes for somebody who opens it by hand. */
  readonly waitMs?: number;
  /** How many clients may live at once; default 8. */
  readonly atOnce?: number;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
}

/** How long a program, and how long a person may take to open a page (milliseconds). */
const WAIT_MS = 30_000;
const PERSON_MS = 300_000;

/** Frames of one page share its processor. */
const AT_ONCE = 8;

/** Opens the page, and proves that its answers mean something. Throws UsageError where nobody opens it or it does not. */
export async function openBrowser(options: BrowserOptions): Promise<Launcher> {
  const faults: string[] = [];
  const frames = new Map<number, Dialogue>();
  const crowd = createCrowd(options.atOnce ?? AT_ONCE);
  const waiting = createWaiting(options.signal, () => 0);
  let count = 0;
  let ended = false;
  const server = await startPageServer({
    page: options.page,
    onOpen: waiting.changed,
    onLine: (frame, line) => frames.get(frame)?.receive(line, JSON.stringify(line) ?? "nothing"),
    onClose() {
      for (const dialogue of frames.values()) dialogue.died("was closed", words(), frames.size);
    },
  });
  const program = options.program === undefined ? findChromium() : (options.program ?? undefined);
  const browser: OpenBrowser | undefined =
    program === undefined ? undefined : openChromium(program, server.url);
  const words = (): Promise<string> => Promise.resolve(consoleOf(browser));
  void browser?.gone.then(() => {
    ended = true;
    waiting.changed();
  });

  /** Waits until a browser shows the wrapper page: at first, and after somebody has closed it. */
  async function awaitBrowser(): Promise<void> {
    const mostMs = options.waitMs ?? (browser === undefined ? PERSON_MS : WAIT_MS);
    const open = await waiting.until(
      () => (server.isOpen ? true : undefined),
      mostMs,
      () => ended,
    );
    if (open === true) return;
    const seconds = Math.round(mostMs / 1000);
    throw new UsageError(
      browser === undefined
        ? `Nobody opened ${server.url} within ${seconds} s.`
        : `${program} ${ended ? "ended" : `did not show ${server.url} within ${seconds} s`}. Set CHROMIUM to the path of another browser.`,
    );
  }

  /** A frame with the page, greeted. */
  async function frameOf(
    url: string | undefined,
    suspicious: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly dialogue: Dialogue; shut(): void }> {
    await awaitBrowser();
    count += 1;
    const frame = count;
    const dialogue = createDialogue({
      who: `The page ${options.page}`,
      mayRepeatHello: true,
      post: (line) => server.order({ type: "say", frame, line }),
      onFault: ({ message }) => faults.push(message),
    });
    frames.set(frame, dialogue);
    server.order({ type: "open", frame, src: server.pageUrl(url) });
    const shut = (): void => {
      server.order({ type: "shut", frame });
      frames.delete(frame);
    };
    try {
      await dialogue.greet(options.hello, { waitMs: options.waitMs ?? WAIT_MS, signal, suspicious });
    } catch (error) {
      shut();
      throw error instanceof UsageError
        ? new UsageError(`${error.message}${consoleOf(browser)} A page that forbids frames cannot be driven.`)
        : error;
    }
    return { dialogue, shut };
  }

  async function stop(): Promise<void> {
    await crowd.stop();
    await browser?.stop();
    await server.stop();
  }

  try {
    if (program === undefined) {
      options.tell(
        `There is no Chromium here (set CHROMIUM to its path). Open ${server.url} in any browser, and leave it in front.`,
      );
    }
    const first = await frameOf(undefined, true, options.signal);
    first.shut();
    let suspicious = true;
    const { capabilities } = first.dialogue;
    const start = async (launch: LaunchOptions): Promise<RunningClient> => {
      const { dialogue, shut } = await frameOf(launch.url, suspicious, launch.signal);
      suspicious = false;
      return dialogue.open(launch, {
        process: undefined,
        stop() {
          shut();
          return Promise.resolve(true);
        },
      });
    };
    return {
      mode: "browser",
      reports: true,
      atOnce: crowd.most,
      capabilities,
      faults,
      start: (launch) => crowd.admit(launch.signal, () => start(launch)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function consoleOf(browser: OpenBrowser | undefined): string {
  const lines = browser?.console() ?? [];
  return lines.length === 0 ? "" : ` Its console:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}
