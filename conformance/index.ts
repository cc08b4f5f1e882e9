/** The conformance kit: judges any WebSocket server by its contract alone. */
export type { Baseline, BaselineEntry, BaselineNote } from "./baseline.js";
export type {
  Case,
  Check,
  CheckContext,
  CheckResult,
  Credentials,
  Identity,
  SubjectConfig,
  Tester,
  Verdict,
} from "./check.js";
export { type ConfigFile, type ConfigSettings, settingsOf } from "./config.js";
export { coverageOf, type DocumentCoverage } from "./coverage.js";
export type { Authorize } from "./credentials.js";
export type { Observation, Outcome, Report } from "./report/report.js";
export { renderReport, type TextOptions } from "./report/text.js";
export { type Requirement, requirementOf, requirements } from "./requirements.js";
export { type CheckServerOptions, checkServer } from "./server/check-server.js";
export {
  type DescribeServerOptions,
  describeServer,
  type TestContext,
  type TestFunctions,
} from "./server/describe-server.js";
export type { Progress } from "./server/execution.js";
export { UsageError } from "./server/subject.js";
export type { TranscriptEntry } from "./transcript.js";
export type { ExitCode } from "./verdict.js";
