/** A document that declares a rate, and servers that do not keep it: S-RB-03. */
import { altered, type Mutant, type Variant } from "../mutant.js";

const RATE = { messages: 200, perMs: 10_000, answer: "error" } as const;
const CLOSING = { ...RATE, answer: "close" } as const;

const refusing: Variant = {
  name: "workflow with a rate",
  channel: "workflow",
  declare: (endpoint) => ({ ...endpoint, protocol: { ...endpoint.protocol, rate: RATE } }),
  server: { rate: RATE },
};

const closing: Variant = {
  name: "tasks with a rate that closes",
  channel: "tasks",
  declare: (endpoint) => ({ ...endpoint, protocol: { ...endpoint.protocol, rate: CLOSING } }),
  server: { rate: CLOSING },
};

/** Documents that declare a rate, each with a server that keeps it. */
export const rateVariants: readonly Variant[] = [refusing, closing];

export const rateMutants: readonly Mutant[] = [
  altered({
    name: "rate-not-kept",
    fault: "Takes as many commands as come.",
    channel: "workflow",
    variant: refusing,
    killedBy: "S-RB-03",
    server: { rate: { ...RATE, messages: 1_000_000 } },
    alter: () => ({}),
  }),
  altered({
    name: "rate-closes-for-refusing",
    fault: "Closes the connection beyond the rate instead of refusing the command.",
    channel: "workflow",
    variant: refusing,
    killedBy: "S-RB-03",
    server: { rate: CLOSING },
    alter: () => ({}),
  }),
  altered({
    name: "rate-refuses-for-closing",
    fault: "Refuses commands beyond the rate instead of closing the connection.",
    channel: "tasks",
    variant: closing,
    killedBy: "S-RB-03",
    server: { rate: RATE },
    alter: () => ({}),
  }),
  altered({
    name: "rate-far-too-low",
    fault: "Refuses commands at a tenth of the rate that it declares.",
    channel: "workflow",
    variant: refusing,
    killedBy: "S-RB-03",
    server: { rate: { ...RATE, messages: 20 } },
    alter: () => ({}),
  }),
];
