/** The conformance kit: judges any WebSocket server or client by its contract alone. */
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
export { type CheckClientOptions, checkClient } from "./client/check-client.js";
export { type DescribeClientOptions, describeClient } from "./client/describe-client.js";
export type {
  AdaptedClient,
  AdapterScene,
  ClientAdapter,
  WebSocketConstructor,
} from "./client/launch/adapter.js";
export type { FastClock, FastTimer } from "./client/launch/fast-clock.js";
export { type ConfigFile, type ConfigSettings, settingsOf } from "./config.js";
export { coverageOf, type DocumentCoverage } from "./coverage.js";
export type { Authorize } from "./credentials.js";
export type { TestContext, TestFunctions } from "./describe.js";
export type { Progress } from "./execution.js";
export {
  type Replayed,
  type ReplayRun,
  type ReplayState,
  replayable,
  replayOutcome,
} from "./replay.js";
export { createNdjsonStream, type NdjsonStream } from "./report/ndjson.js";
export { REPORT_KINDS, type ReportKind, renderReportAs } from "./report/render.js";
export type {
  Observation,
  Outcome,
  ReplayRecord,
  Report,
  ReportedSetup,
} from "./report/report.js";
export { renderReport, type TextOptions } from "./report/text.js";
export { type Requirement, requirementOf, requirements } from "./requirements.js";
export { type CheckServerOptions, checkServer } from "./server/check-server.js";
export { type DescribeServerOptions, describeServer } from "./server/describe-server.js";
export { SnippetError, snippetOf } from "./snippet.js";
export type { TranscriptEntry } from "./transcript.js";
export { UsageError } from "./usage-error.js";
export type { ExitCode } from "./verdict.js";
