/** What a mutant is: the reference server behind one altered thing, and the check that must notice. */

import { startServer } from "../../reference-server/server.js";
import { type Alteration, startFrameProxy } from "./frame-proxy.js";

/** How a mutant is started. */
export interface MutantOptions {
  readonly timeScale: number;
  readonly seed: number;
}

/** A mutant that runs. */
export interface RunningMutant {
  readonly url: string;
  close(): Promise<void>;
}

/** A server that is wrong in exactly one way. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it, in one sentence. */
  readonly fault: string;
  readonly channel: string;
  /** Id of the check that owns the rule. */
  readonly killedBy: string;
  /** What must run so that the check has something to judge: a passive one opens no connection of its own. */
  readonly needs?: readonly string[];
  start(options: MutantOptions): Promise<RunningMutant>;
}

/** What {@link altered} needs: a mutant, and what its connections suffer. */
export interface AlteredMutant extends Omit<Mutant, "start"> {
  readonly alter: () => Alteration;
}

/** The reference server behind a proxy that alters one thing. */
export function altered({ alter, ...mutant }: AlteredMutant): Mutant {
  return {
    ...mutant,
    async start({ timeScale, seed }) {
      const server = await startServer({ port: 0, channels: [mutant.channel], timeScale, seed });
      const proxy = await startFrameProxy(server.port, alter);
      return {
        url: `ws://127.0.0.1:${proxy.port}`,
        async close() {
          await proxy.close();
          await server.close();
        },
      };
    },
  };
}

/** True for text that is one JSON document. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The object in a frame, or undefined where there is none. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // An object that is neither null nor an array has string keys.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A member of an object that is an object itself. */
export function memberOf(value: Record<string, unknown> | undefined, key: string): Record<string, unknown> {
  const member = value?.[key];
  // As in objectIn.
  return typeof member === "object" && member !== null && !Array.isArray(member)
    ? (member as Record<string, unknown>)
    : {};
}
