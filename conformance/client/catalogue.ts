/** All checks of a client, in the order of the catalogue. */
import { requirements } from "../requirements.js";
import { beats } from "./beats.js";
import type { ClientCheck } from "./check.js";
import { firstDelayCheck } from "./first-delay.js";
import { ownCommands } from "./own-commands.js";
import { ownFrames } from "./own-frames.js";
import { upgradeRequests } from "./upgrade-requests.js";

const order = new Map(requirements.map(({ id }, index) => [id, index]));

const built: readonly ClientCheck[] = [upgradeRequests, ownFrames, ...ownCommands, beats, firstDelayCheck];

/** Every check that exists. */
export const clientChecks: readonly ClientCheck[] = [...built].sort(
  (a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0),
);
