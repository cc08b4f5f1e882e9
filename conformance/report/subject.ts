/** Who was judged, in the words of a report. */
import type { RoleName } from "../role.js";
import type { Report, ReportedSubject } from "./report.js";

/** Who is judged by the check with this id. */
export function roleOf(id: string): RoleName {
  return id.startsWith("C-") ? "client" : "server";
}

/** The subject in a few words: its URL, or how it was launched. */
export function subjectText(subject: ReportedSubject): string {
  if (subject.role === "server") return subject.url;
  const { command = [], mode, page, url } = subject;
  switch (mode) {
    case "attach":
      return `whoever connects to ${url ?? "the kit"}`;
    case "browser":
      return page === undefined ? `a browser at ${url ?? "the kit"}` : `${page} in a browser`;
    case "adapter":
      return "a client in this process";
    case "driver":
      return `${command.join(" ")} (a driver)`;
    case "spawn":
      return command.join(" ");
  }
}

/** How many messages of whom were judged: `12 events`. */
export function judgedText({ run, subject }: Report): string {
  return `${run.messages} ${subject.role === "server" ? "events" : "commands"}`;
}

/** How the subject's time was shortened, and how late the kit was; undefined for a server whose time was left alone. */
export function timeText({ run, subject }: Report): string | undefined {
  const scale = `× ${run.timeScale}`;
  if (subject.role === "server") return run.timeScale === 1 ? undefined : `time ${scale}`;
  const means = {
    protocol: `time ${scale} by intervals that the server tells`,
    option: `time ${scale} by WIREPROOF_TIME_SCALE`,
    faketime: `time ${scale} by libfaketime`,
    clock: `time ${scale} by the client's own clock`,
    real: "real time",
  }[run.time];
  const why = run.timeNote === undefined ? "" : ` (${run.timeNote})`;
  return `${means}${why}, the kit at most ${run.worstLagMs} ms late`;
}
