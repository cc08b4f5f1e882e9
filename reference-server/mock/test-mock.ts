/** A mock for tests: a contract in a few lines, a server that must leave nothing, and clients that judge it. */

import { afterAll, expect } from "vitest";
import type { Contract, Endpoint, JsonSchema } from "../../src/contract/contract.js";
import { type InlineEndpoint, inlineEndpoint } from "../../src/contract/inline-endpoint.js";
import { type MockOptions, startMock } from "../mock.js";
import { type Observer, observe } from "./test-observer.js";

/** Durations shrink to a twentieth; the pace of answers to 2 ms. */
export const TIME_SCALE = 0.05;

/** What a test says of its endpoint; examples by the name of the message. */
export interface MockText extends InlineEndpoint {
  readonly examples?: Readonly<Record<string, readonly unknown[]>>;
  /** Pointer to the correlation id of a message, by its name. */
  readonly correlation?: Readonly<Record<string, string>>;
}

/** A contract of one endpoint; commands say `cmd`, events say `event`, unless the test says otherwise. */
export function mockContract(given: MockText): Contract {
  const endpoint = inlineEndpoint({ receive: "/cmd", send: "/event", ...given });
  const enrich = (messages: Endpoint["commands"]): Endpoint["commands"] =>
    messages.map((message) => {
      const correlation = given.correlation?.[message.name];
      return {
        ...message,
        // Tests write JSON.
        examples: (given.examples?.[message.name] ?? []).map((payload) => ({ payload: payload as never })),
        ...(correlation === undefined ? {} : { correlation }),
      };
    });
  const events = enrich(endpoint.events);
  const send = {
    name: "give",
    action: "send" as const,
    messages: events.map((message) => message.name),
  };
  return {
    format: 1,
    title: "Inline",
    version: "1.0.0",
    asyncapi: "3.1.0",
    sha256: "0".repeat(64),
    perspective: "server",
    endpoints: [
      {
        ...endpoint,
        commands: enrich(endpoint.commands),
        events,
        operations: [...endpoint.operations, send],
      },
    ],
    definitions: given.definitions ?? {},
  };
}

/** An object schema whose properties are all required but those whose names end in `?`. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const named = Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ""), schema]);
  return {
    type: "object",
    required: Object.keys(properties).filter((name) => !name.endsWith("?")),
    properties: Object.fromEntries(named),
    additionalProperties: false,
  };
}

/** A schema of one constant. */
export const is = (value: string): JsonSchema => ({ const: value });

/** Mocks for the tests of a file; afterwards no connection, timer or fault may be left of any. */
export function mocksForTests(): {
  /** Serves a contract and connects to its endpoint; `judged` is what the client judges by, the same where absent. */
  serve(
    contract: Contract,
    options?: Partial<MockOptions> & {
      readonly endpoint?: string;
      readonly judged?: Contract;
      readonly polling?: boolean;
      readonly path?: string;
      /** How long `settled` waits. */
      readonly waitMs?: number;
    },
  ): Promise<Served>;
} {
  const started: { close(): Promise<void>; stats(): object; faults: unknown[] }[] = [];
  const observers: Observer[] = [];
  afterAll(async () => {
    for (const observer of observers) observer.leave();
    await Promise.all(started.map((server) => server.close()));
    for (const server of started) {
      expect(server.stats()).toMatchObject({ connections: 0, timers: 0 });
      expect(server.faults).toEqual([]);
    }
  });
  return {
    async serve(
      contract,
      { endpoint: name, judged = contract, polling = false, path, waitMs, ...options } = {},
    ) {
      const notes: string[] = [];
      const faults: unknown[] = [];
      const server = await startMock({
        port: 0,
        seed: 5,
        timeScale: TIME_SCALE,
        ...options,
        contract,
        note: (text) => notes.push(text),
        onFault: (fault) => faults.push(fault),
      });
      started.push({ ...server, faults });
      const served = server.endpoints.find((one) => name === undefined || one.name === name);
      const endpoint = judged.endpoints.find((one) => one.name === served?.name);
      if (served === undefined || endpoint === undefined) throw new Error(`no endpoint ${name}`);
      const url = path === undefined ? served.url : server.url + path;
      const timeScale = options.timeScale ?? TIME_SCALE;
      const again = async (): Promise<Observer> => {
        const observer = await observe(url, judged, endpoint, {
          timeScale,
          polling,
          ...(waitMs === undefined ? {} : { waitMs }),
        });
        observers.push(observer);
        return observer;
      };
      return { server, notes, connect: again, endpoint };
    },
  };
}

/** A mock that serves one endpoint to the clients of a test. */
export interface Served {
  readonly server: Awaited<ReturnType<typeof startMock>>;
  readonly notes: readonly string[];
  readonly endpoint: Endpoint;
  connect(): Promise<Observer>;
}
