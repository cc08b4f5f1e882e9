/** All checks of a client, in the order of the catalogue. */
import { requirements } from "../requirements.js";
import type { ClientCheck } from "./check.js";

const order = new Map(requirements.map(({ id }, index) => [id, index]));

const built: readonly ClientCheck[] = [];

/** Every check that exists. */
export const clientChecks: readonly ClientCheck[] = [...built].sort(
  (a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0),
);
