/** Chromium, or a browser built on it: found where it usually is, and started as a process of ours with a profile of its own. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createLastLines, type LastLines, startGroup } from "../../process-group.js";

/** A browser that shows one page. */
export interface OpenBrowser {
  /** Resolves once it is gone. */
  readonly gone: Promise<void>;
  /** What the pages wrote to their console last, uncaught errors among it. */
  console(): readonly string[];
  stop(): Promise<void>;
}

/** Names under which it is installed. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

/** Where it is that is on no PATH. */
const ELSEWHERE = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** No window, nothing of the user's, nothing asked of the network, and no page put to sleep for not being looked at. */
const FLAGS = [
  "--headless=new",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-extensions",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--no-first-run",
  "--no-default-browser-check",
  "--no-proxy-server",
  // The console of its pages comes on standard error.
  "--enable-logging=stderr",
];

/** The program: what CHROMIUM names, else the first that is installed; undefined when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...candidates, ...ELSEWHERE].find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens one page. Whoever opens it stops it. */
export function openChromium(program: string, url: string): OpenBrowser {
  const profile = mkdtempSync(join(tmpdir(), "wireproof-browser-"));
  const lines = consoleLines();
  const group = startGroup({
    program,
    // Its sandbox refuses to run as root.
    args: [
      ...FLAGS,
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      `--user-data-dir=${profile}`,
      url,
    ],
    output: lines,
    errors: createLastLines(),
  });
  return {
    gone: group.gone,
    console: lines.read,
    async stop() {
      await group.stop();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Keeps what pages say, and none of what the browser says about the machine. */
function consoleLines(): LastLines {
  const lines = createLastLines();
  return {
    write(line) {
      const [, said] = /:CONSOLE[:(]\d+\)?\] (.*)$/.exec(line) ?? [];
      if (said !== undefined) lines.write(said);
    },
    read: lines.read,
  };
}
