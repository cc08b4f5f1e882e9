/** Launch mode `attach`: somebody else starts the client - a browser, a telephone, a debugger - and is told where to. */
import type { Launcher, RunningClient } from "../launcher.js";
import { UNSTEERED } from "./unsteered.js";

/** What {@link openAttach} needs. */
export interface AttachOptions {
  /** Shows a line to the user. */
  readonly tell: (text: string) => void;
}

/** Tells the URL once, and again when it is another one. All cases share one port, one after another. */
export function openAttach({ tell }: AttachOptions): Launcher {
  let told: string | undefined;
  return {
    mode: "attach",
    reports: false,
    // Two cases at one port could not tell whose client has come.
    atOnce: 1,
    capabilities: [],
    faults: [],
    start({ url }) {
      if (told !== url)
        tell(`Connect the client to ${url} and let it run: it is judged as long as it comes back.`);
      told = url;
      return Promise.resolve(attached());
    },
    stop: () => Promise.resolve(),
  };
}

function attached(): RunningClient {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    ...UNSTEERED,
    gone: undefined,
    process: undefined,
    excuse: undefined,
    ended,
    stop() {
      end();
      return Promise.resolve(true);
    },
  };
}
