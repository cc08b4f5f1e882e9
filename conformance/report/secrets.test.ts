import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { inflateRawSync } from "node:zlib";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { Progress } from "../execution.js";
import { createFrameReader } from "../frames/decode.js";
import { checkServer } from "../server/check-server.js";
import { snippetOf } from "../snippet.js";
import { keepContract, sampleContract } from "../test-subject.js";
import { createNdjsonStream } from "./ndjson.js";
import { REPORT_KINDS, renderReportAs } from "./render.js";
import type { Report } from "./report.js";
import { renderReport } from "./text.js";

/** What must never be read in anything that leaves the run. */
const PLANTED = {
  header: "hdr-7f3a/+Zq=9 ä",
  apiKey: "api-key-55aa77",
  query: "qry&se=cret/?42",
  first: "first-message-token-0815",
  fresh: "fresh-of-auth-command",
  config: "from-the-configuration",
} as const;

const secrets = Object.values(PLANTED);

/** A server that knows every secret that it is given, and says them in its errors, in every way that people write. */
async function serveGossip(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    const heard = [
      ...secrets,
      decodeURIComponent(request.url ?? ""),
      request.url,
      ...Object.values(request.headers),
      ...secrets.map((secret) => Buffer.from(secret).toString("base64")),
      ...secrets.map((secret) => Buffer.from(`user:${secret}`).toString("base64url")),
      ...secrets.map((secret) => Buffer.from(secret).toString("hex")),
      ...secrets.map((secret) => encodeURIComponent(secret)),
    ].join(" ");
    keepContract({
      alter: (event) => (event["event"] === "pong" ? { ...event, token: 7, heard } : { ...event, heard }),
    })(socket);
  });
  // The address of a listening TCP server is an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    close: async () => {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let report: Report;
const streamed: string[] = [];

beforeAll(async () => {
  const server = await serveGossip();
  const stream = createNdjsonStream((line) => streamed.push(line));
  try {
    report = await checkServer({
      contract: sampleContract(),
      url: `${server.url}/chat?token=in-the-url-itself`,
      only: ["S-HS-01", "S-CD-02", "S-CD-11", "S-HB-02", "S-CD-03"],
      seed: 3,
      runs: 4,
      headers: { Authorization: `Bearer ${PLANTED.header}`, "X-Api-Key": PLANTED.apiKey },
      query: { session: PLANTED.query },
      secrets: { "config.password": PLANTED.config },
      authorize: () => Promise.resolve({ headers: { "X-Fresh": PLANTED.fresh } }),
      config: {
        identities: [{ name: "ann", first: [JSON.stringify({ cmd: "say", text: PLANTED.first })] }],
        rejected: {},
        payloads: {},
        domain: {},
      },
      onProgress: (progress: Progress) => stream.progress(progress),
    });
    stream.finish(report);
  } finally {
    await server.close();
  }
}, 60_000);

/** Every way in which a text may tell a secret. */
function traces(text: string): string[] {
  return [...secrets, "in-the-url-itself"].flatMap((secret) => {
    const bytes = Buffer.from(secret);
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      encodeURIComponent(secret).replaceAll("%20", "+"),
      secret.replaceAll("&", "&amp;"),
      bytes.toString("hex"),
      bytes.toString("base64").replace(/=+$/, "").slice(0, -1),
      bytes.toString("base64url").slice(0, -1),
      secret.slice(0, 10),
    ];
    return forms.filter((form) => text.includes(form));
  });
}

describe("a run with secrets, against a server that tells them all", () => {
  it("has found something to tell", () => {
    expect(report.harnessFaults).toEqual([]);
    const failed = report.outcomes.filter(({ verdict }) => verdict === "fail");
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.some(({ transcript }) => transcript.length > 5)).toBe(true);
    expect(JSON.stringify(report)).toContain("‹secret:");
  });

  it("fits the schema of reports", () => {
    const schema = JSON.parse(readFileSync(new URL("../../schemas/report.json", import.meta.url), "utf8"));
    const ajv = new Ajv({ allErrors: true });
    addFormats.default(ajv);
    ajv.validate(schema, JSON.parse(JSON.stringify(report)));
    expect(ajv.errors ?? []).toEqual([]);
  });

  it.each(REPORT_KINDS)("tells none of them in the report as %s", (kind) => {
    expect(traces(renderReportAs(kind, report))).toEqual([]);
  });

  it("tells none of them on the terminal, in the stream, or in a script", () => {
    expect(traces(renderReport(report, { verbose: true, width: 140 }))).toEqual([]);
    expect(traces(streamed.join("\n"))).toEqual([]);
    for (const outcome of report.outcomes.filter(({ transcript }) => transcript.length > 0)) {
      expect(traces(snippetOf(report, outcome))).toEqual([]);
    }
  });

  it("hides none of them behind the mask of a frame", () => {
    const entries = report.outcomes.flatMap(({ transcript }) => transcript);
    const bytes = entries.flatMap(({ bytes = "", packed }) => [
      Buffer.from(bytes.split("…")[0] ?? "", "hex"),
      ...(packed === undefined ? [] : [inflateRawSync(Buffer.from(packed, "base64"))]),
    ]);
    expect(bytes.length).toBeGreaterThan(10);
    for (const raw of bytes) {
      const payloads = createFrameReader("client")
        .push(raw, 0)
        .map(({ payload }) => payload);
      expect(traces(Buffer.concat(payloads).toString("utf8"))).toEqual([]);
      expect(traces(raw.toString("utf8"))).toEqual([]);
    }
  });

  it("names them, so that a reader sees what was there", () => {
    const text = JSON.stringify(report);
    for (const name of [
      "Authorization",
      "X-Api-Key",
      "session",
      "text",
      "X-Fresh",
      "config.password",
      "token",
    ]) {
      expect(text).toContain(`‹secret:${name}›`);
    }
  });
});
