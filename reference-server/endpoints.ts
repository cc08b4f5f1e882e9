import type { Protocol } from "../src/wire/protocol.js";
import { createEndpoint, type Endpoint } from "./endpoint.js";
import type { World } from "./world.js";

interface ChannelOptions {
  readonly rate: Protocol["rate"];
}

/** The channels, each loaded only when it is served. */
const CHANNELS: Readonly<Record<string, (world: World, options: ChannelOptions) => Promise<Endpoint>>> = {
  workflow: async (world, options) =>
    createEndpoint(world, (await import("./channels/workflow.js")).createWorkflow(world), options),
  tasks: async (world, options) =>
    createEndpoint(world, (await import("./channels/tasks.js")).createTasks(world), options),
  pipeline: async (world, options) =>
    createEndpoint(world, (await import("./channels/pipeline.js")).createPipeline(world), options),
  answer: async (world, options) =>
    createEndpoint(world, (await import("./channels/answer.js")).createAnswer(world), options),
  conversation: async (world, options) =>
    createEndpoint(world, (await import("./channels/conversation.js")).createConversation(world), options),
};

/** Names of the channels that the reference server speaks. */
export const channelNames: readonly string[] = Object.keys(CHANNELS);

/** Loads the named channels; throws RangeError for a name that is none. */
export async function loadEndpoints(
  world: World,
  names: readonly string[],
  options: ChannelOptions,
): Promise<Endpoint[]> {
  const unknown = names.filter((name) => !Object.hasOwn(CHANNELS, name));
  if (names.length === 0 || unknown.length > 0) {
    const got = unknown.length === 0 ? "no channel was named" : `no such channel: ${unknown.join(", ")}`;
    throw new RangeError(`${got}; there are ${channelNames.join(", ")}`);
  }
  const endpoints: Endpoint[] = [];
  for (const [name, load] of Object.entries(CHANNELS)) {
    if (names.includes(name)) endpoints.push(await load(world, options));
  }
  return endpoints;
}

/** The endpoint whose address the path is, and the values of its parameters. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  path: string,
): { endpoint: Endpoint; parameters: Record<string, string> } | undefined {
  for (const endpoint of endpoints) {
    const parameters = endpoint.address.match(path);
    if (parameters !== undefined) return { endpoint, parameters };
  }
  return undefined;
}
