/** Servers that do not enforce a rule of RFC 6455: one for each rule, before the reference server. */
import type { Mutant } from "../mutant.js";
import { framed } from "../raw-mutant.js";
import type { RawFaults } from "../raw-server.js";

function lenient(name: string, channel: string, killedBy: string, fault: string, faults: RawFaults): Mutant {
  return framed({ name, channel, killedBy, fault, faults });
}

/** Faults of S-FR-02 to S-FR-08, S-FR-14, S-FR-15, S-FR-17 and S-FR-20: what should fail the connection is taken. */
export const lenientMutants: readonly Mutant[] = [
  lenient("top-bit-ignored", "tasks", "S-FR-02", "Ignores the top bit of a 64-bit length.", {
    tolerates: ["length-top-bit"],
  }),
  lenient("unmasked-frame-accepted", "workflow", "S-FR-03", "Takes frames without a mask.", {
    tolerates: ["unmasked"],
  }),
  lenient("reserved-bits-accepted", "pipeline", "S-FR-05", "Ignores the reserved bits.", {
    tolerates: ["reserved-bits"],
  }),
  lenient("reserved-opcode-accepted", "tasks", "S-FR-06", "Skips frames with a reserved opcode.", {
    tolerates: ["reserved-opcode"],
  }),
  lenient("fragmented-control-accepted", "workflow", "S-FR-07", "Takes control frames with FIN 0.", {
    tolerates: ["control-fragmented"],
  }),
  lenient("long-control-accepted", "tasks", "S-FR-07", "Answers pings of more than 125 bytes.", {
    tolerates: ["control-too-long"],
  }),
  lenient(
    "orphan-continuation-accepted",
    "answer",
    "S-FR-08",
    "Takes a continuation of nothing for a text.",
    {
      tolerates: ["orphan-continuation"],
    },
  ),
  lenient("interleaved-data-accepted", "tasks", "S-FR-08", "Takes a message inside a message.", {
    tolerates: ["interrupted-message"],
  }),
  lenient("invalid-utf8-accepted", "workflow", "S-FR-14", "Decodes text with replacement characters.", {
    tolerates: ["invalid-utf8"],
  }),
  lenient("binary-parsed-as-text", "tasks", "S-FR-15", "Takes binary frames for text.", {
    tolerates: ["binary"],
  }),
  lenient("close-code-1005-accepted", "workflow", "S-FR-17", "Echoes every code of a Close frame.", {
    tolerates: ["close-code"],
  }),
  lenient("close-of-one-byte-accepted", "tasks", "S-FR-17", "Takes a Close frame of one byte for 1000.", {
    tolerates: ["close-one-byte"],
    answerToClose: 1000,
  }),
  lenient("close-reason-not-utf8-accepted", "tasks", "S-FR-17", "Echoes a reason that is not UTF-8.", {
    tolerates: ["close-reason-utf8"],
  }),
  lenient("no-size-limit", "tasks", "S-FR-20", "Reads messages of any size.", { tolerates: ["too-large"] }),
  lenient("wrong-code-for-a-broken-frame", "tasks", "S-FR-05", "Closes with 1011 whatever was wrong.", {
    failureCode: 1011,
  }),
];
