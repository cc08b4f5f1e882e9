/** Servers that trip over frames which RFC 6455 allows, or over how TCP brings them. */
import type { Mutant } from "../mutant.js";
import { framed } from "../raw-mutant.js";
import type { RawFaults } from "../raw-server.js";

function strict(name: string, channel: string, killedBy: string, fault: string, faults: RawFaults): Mutant {
  return framed({ name, channel, killedBy, fault, faults });
}

/** Faults of S-FR-04, S-FR-09 to S-FR-12, S-FR-16 and S-FR-18: what is all right is refused, lost or mixed up. */
export const strictMutants: readonly Mutant[] = [
  strict("zero-mask-refused", "tasks", "S-FR-04", "Takes a mask key of zero for none.", {
    refusesZeroMask: true,
  }),
  strict("utf8-split-between-fragments-refused", "workflow", "S-FR-09", "Decodes each fragment by itself.", {
    judgesUtf8ByFragment: true,
  }),
  strict("empty-fragment-refused", "tasks", "S-FR-09", "Fails the connection at an empty fragment.", {
    refusesEmptyFragment: true,
  }),
  strict("chunk-read-backwards", "tasks", "S-FR-10", "Handles the frames of one TCP chunk last to first.", {
    reversesChunk: true,
  }),
  strict("split-frame-forgotten", "workflow", "S-FR-10", "Forgets a frame that TCP brings in two chunks.", {
    forgetsSplitFrames: true,
  }),
  strict(
    "control-between-fragments-refused",
    "tasks",
    "S-FR-11",
    "Fails the connection at a ping while fragments are pending.",
    { refusesControlInsideMessage: true },
  ),
  strict("first-ping-of-a-burst-answered", "tasks", "S-FR-12", "Answers the first of several pings only.", {
    answers: "first",
  }),
  strict(
    "stray-pong-kills",
    "pipeline",
    "S-FR-12",
    "Ends the connection at a pong that it did not ask for.",
    {
      diesOfPong: true,
    },
  ),
  strict("close-answered-with-1002", "tasks", "S-FR-18", "Answers every Close frame with 1002.", {
    answerToClose: 1002,
  }),
  {
    ...strict("tcp-left-open", "tasks", "S-FR-16", "Leaves TCP open after both Close frames.", {
      keepsTcp: true,
    }),
    verdict: "warn",
  },
  {
    ...strict(
      "long-form-closed-with-1000",
      "tasks",
      "S-FR-02",
      "Closes with 1000 at a length in a longer form than it needs.",
      {
        refusesLongForm: 1000,
      },
    ),
    verdict: "warn",
  },
];
