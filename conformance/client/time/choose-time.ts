/**
 * In which time a client is judged. The means of shortening it are tried in their order, and none is believed: a client
 * whose waits do not fit the shortened time is judged in another, never accused of not having shortened it.
 */
import type { Contract, Endpoint } from "../../../src/contract/contract.js";
import { SubjectGone } from "../../interruption.js";
import { UsageError } from "../../usage-error.js";
import type { ClientCase, LaunchMode, TimeLever } from "../check.js";
import type { Launcher } from "../launcher.js";
import { advertisableMs } from "./advertise.js";
import { FAKETIME, faketimeEnvironment, findLibfaketime, whyNoFaketime } from "./faketime.js";
import { measureWaits } from "./rehearsal.js";
import {
  fitsReal,
  measurableScale,
  readingOf,
  realLimits,
  type Sign,
  signsOf,
  tellingSign,
} from "./signs.js";

/** How the user wants time to be shortened. */
export type WantedTime = "auto" | "option" | "faketime" | "real";

/** A time to judge a client in, and what makes the client live in it. */
export interface ClientTime {
  readonly lever: TimeLever;
  /** Milliseconds of the wall for each that the contract declares: what the kit multiplies by where it waits and judges. */
  readonly timeScale: number;
  /** What the client is asked to multiply its durations by, `Retry-After` excepted. */
  readonly askedScale: number;
  /** How many times as fast as the wall's its clock runs, where the kit gives it one (`adapter`). */
  readonly speed: number;
  /** Added to the environment of its process. */
  readonly env: Readonly<Record<string, string>>;
  /** The interval of its heartbeat that an event of ours tells it (milliseconds of the wall). */
  readonly advertisedMs?: number;
  /** How many clients may live at once; absent: as many as the launch mode can have. */
  readonly atOnce?: number;
}

/** What {@link chooseTime} needs. */
export interface ChooseTimeOptions {
  readonly wanted: WantedTime;
  /** What the user wants durations to be multiplied by; default: what the contract's shortest waits allow, at least 0.05. */
  readonly timeScale?: number;
  readonly mode: LaunchMode;
  /** Program and arguments, where the kit starts one. */
  readonly argv?: readonly string[];
  readonly contract: Contract;
  readonly endpoint: Endpoint;
  /** Opens the launcher of the run for clients that live in this time. */
  readonly open: (time: ClientTime) => Launcher | Promise<Launcher>;
  /** Plays a script in a case of its own, with clients of that launcher. */
  readonly rehearse: <T>(
    launcher: Launcher,
    time: ClientTime,
    script: (scene: ClientCase) => Promise<T>,
  ) => Promise<T>;
  readonly signal: AbortSignal;
}

/** The time that was chosen, with the launcher for it: whoever chose stops it. */
export interface ChosenTime extends ClientTime {
  readonly launcher: Launcher;
  /** Why this one and none of those before it: a sentence for the report. */
  readonly why: string;
}

/** The default scale: a backoff of 3 to 48 s takes five seconds. */
const DEFAULT_SCALE = 0.05;

const REAL: ClientTime = { lever: "real", timeScale: 1, askedScale: 1, speed: 1, env: {} };

const asked = (scale: number): ClientTime => ({
  ...REAL,
  lever: "option",
  timeScale: scale,
  askedScale: scale,
});

/**
 * Chooses it. Throws {@link UsageError} where libfaketime is asked for by name and cannot be had; what `open` and
 * `rehearse` throw goes through, but for a client that does not come.
 */
export async function chooseTime(options: ChooseTimeOptions): Promise<ChosenTime> {
  const { contract, endpoint, mode, wanted } = options;
  const settle = async (time: ClientTime, ...reasons: readonly string[]): Promise<ChosenTime> => ({
    ...time,
    launcher: await options.open(time),
    why: sentence(reasons, time),
  });
  if (wanted === "real" || options.timeScale === 1) return settle(REAL, "real time was asked for");

  const advertisedMs = advertisableMs(contract, endpoint);
  const last: ClientTime = advertisedMs === undefined ? REAL : { ...REAL, lever: "protocol", advertisedMs };
  if (wanted === "auto" && last.lever === "protocol" && endpoint.reconnect === undefined) return settle(last);

  const signs = signsOf(endpoint);
  const scale = options.timeScale ?? measurableScale(signs, DEFAULT_SCALE);
  if (signs.length === 0 && wanted !== "faketime") {
    const reason = "the document declares no wait by which a client's time could be told";
    return settle(wanted === "option" && options.timeScale !== undefined ? asked(scale) : last, reason);
  }
  if (scale === 1) return settle(last, "the declared waits are too short to be shortened");

  const refused: string[] = [];
  for (const candidate of candidates(options, scale)) {
    const time = await candidate();
    if (typeof time === "string") {
      refused.push(time);
      continue;
    }
    const tried = await tryTime(options, time, signs);
    if (tried.launcher !== undefined) {
      return { ...time, launcher: tried.launcher, why: sentence([...refused, tried.why], time) };
    }
    refused.push(tried.why);
    // Whoever does not come now comes no sooner in another time.
    if (tried.absent === true) break;
  }
  if (wanted === "faketime") {
    throw new UsageError(`--time faketime cannot be had: ${refused.join("; ")}. Use --time auto.`);
  }
  if (mode === "attach") refused.push("a client that somebody else starts is told of no scale");
  return settle(last, ...refused);
}

/** The times to try, in their order; one may turn out to be none, and then says why. */
function candidates(
  { argv = [], mode, signal, timeScale, wanted }: ChooseTimeOptions,
  scale: number,
): (() => Promise<ClientTime | string>)[] {
  const option = async (): Promise<ClientTime> => asked(scale);
  const clock = async (): Promise<ClientTime> => ({
    ...REAL,
    lever: "clock",
    timeScale: scale,
    speed: 1 / scale,
  });
  const faketime = async (): Promise<ClientTime | string> => {
    if (mode !== "spawn" && mode !== "driver") return "libfaketime needs a process that the kit starts";
    const found = findLibfaketime();
    if ("missing" in found) return found.missing;
    // Who names both the means and the scale has his reasons.
    const most = wanted === "faketime" && timeScale !== undefined ? Number.POSITIVE_INFINITY : FAKETIME.speed;
    const speed = Math.max(2, Math.min(most, Math.floor(1 / scale)));
    const env = faketimeEnvironment(found.path, speed);
    const why = await whyNoFaketime(argv, env, speed, signal);
    return why ?? { ...REAL, lever: "faketime", timeScale: 1 / speed, env, atOnce: FAKETIME.atOnce };
  };
  switch (wanted) {
    case "option":
      return [option];
    case "faketime":
      return [faketime];
    case "real":
      return [];
    case "auto":
      // The kit's own clock is asked first where there is one: it is exact, and changes nothing in the client.
      if (mode === "adapter") return [clock, option];
      if (mode === "attach") return [];
      return mode === "browser" ? [option] : [option, faketime];
  }
}

/** The launcher where the client lives in this time, and what its waits said; `absent`: there was no client at all. */
async function tryTime(
  options: ChooseTimeOptions,
  time: ClientTime,
  signs: readonly Sign[],
): Promise<{ readonly launcher?: Launcher; readonly why: string; readonly absent?: boolean }> {
  const telling = tellingSign(signs, time.timeScale);
  if (telling === undefined) return { why: `${named(time)} nothing would tell its time from real time` };
  const { sign, bounds } = telling;
  // Who asked for the option by name is to hear whether the client lives in real time, or in none that is declared.
  const insists = options.wanted === "option";
  let launcher: Launcher | undefined;
  let chosen = false;
  try {
    launcher = await options.open(time);
    const patience = insists ? realLimits(sign, bounds) : bounds.map(({ mostMs }) => mostMs);
    const measured = await options.rehearse(launcher, time, (scene) => measureWaits(scene, sign, patience));
    const reading = readingOf(bounds, measured);
    const said = `${named(time)} ${shown(sign, measured, patience)}`;
    chosen = reading === "scaled" || (insists && !fitsReal(sign, measured));
    if (!chosen) return { why: said };
    return { launcher, why: reading === "scaled" ? said : `${said}, which fits no declared time` };
  } catch (error) {
    const excused = time.lever === "faketime" ? [SubjectGone, UsageError] : [SubjectGone];
    if (!(error instanceof Error) || !excused.some((kind) => error instanceof kind)) throw error;
    return { why: `${named(time)} no client came (${error.message})`, absent: true };
  } finally {
    if (!chosen) await launcher?.stop();
  }
}

/** How the client was made to live in a time, before what it then did. */
function named({ askedScale, lever, speed, timeScale }: ClientTime): string {
  if (lever === "option") return `asked by WIREPROOF_TIME_SCALE=${askedScale}`;
  if (lever === "clock") return `with a clock that runs ${round(speed)} times as fast`;
  return `under libfaketime at ${round(1 / timeScale)} times the speed`;
}

function shown(
  { kind }: Sign,
  measured: readonly (number | undefined)[],
  patience: readonly number[],
): string {
  const last = measured.at(-1);
  const most = round(patience[measured.length - 1] ?? 0);
  const times = measured.map((ms) => round(ms ?? 0)).join(", ");
  if (kind === "ping") {
    return last === undefined
      ? `it sent no ping within ${most} ms`
      : `it sent its first ping after ${times} ms`;
  }
  return last === undefined
    ? `it did not come back within ${most} ms of a drop`
    : `it came back ${times} ms after a drop`;
}

function sentence(reasons: readonly string[], time: ClientTime): string {
  return `${[...reasons, inWords(time)].join("; ")}.`;
}

function inWords({ advertisedMs, lever, timeScale }: ClientTime): string {
  switch (lever) {
    case "protocol":
      return `the kit tells the client a heartbeat of ${advertisedMs} ms, and all else is in real time`;
    case "real":
      return "the client is judged in real time";
    default:
      return `each declared second is judged as ${round(timeScale * 1000)} ms`;
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
