/**
 * The judge's interpreter of lifecycles: whether the traffic of one connection has an explanation (PROTOCOL.md#lifecycle).
 *
 * Commands and events pass each other on the wire, so the judge cannot know when the server took a command. It keeps
 * for each instance all configurations that explain what was seen; when none is left, the last frame, or the silence,
 * was a violation. Whatever the rules leave open is decided in favour of the server.
 */

import type { Endpoint } from "./contract.js";
import type { LifecycleMonitor, LifecycleOptions } from "./lifecycle/lifecycle-monitor.js";
import { Monitor } from "./lifecycle/monitor.js";

export type {
  InstanceView,
  Legality,
  LifecycleMonitor,
  LifecycleOptions,
  LifecycleViolation,
} from "./lifecycle/lifecycle-monitor.js";

/** Starts to watch a connection of an endpoint. */
export function openLifecycles(endpoint: Endpoint, options: LifecycleOptions): LifecycleMonitor {
  return new Monitor(endpoint, options);
}
