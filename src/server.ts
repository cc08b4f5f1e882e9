/** `wireproof/server`: the reference server of the bundled document and the mock of any other, for your tests. */
export { formatLogEntry, type Log, type LogEntry } from "../reference-server/log.js";
export { type MockOptions, startMock } from "../reference-server/mock.js";
export type {
  CloseOptions,
  RunningServer,
  ServedEndpoint,
  ServerStats,
} from "../reference-server/running-server.js";
export { type ServerOptions, startServer } from "../reference-server/server.js";
