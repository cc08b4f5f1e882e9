/** S-FR-04: a mask key is only a key, whatever its octets. */
import fc from "fast-check";
import type { Case, Check, CheckContext } from "../../check.js";
import { OPCODE } from "../../frames/frame.js";
import type { CaseOutcome } from "../../property.js";
import { noWitness } from "../frame-witness.js";
import { decideRow, type NamedCase } from "./row.js";
import { compareWritten, cutAt } from "./sending.js";

interface MaskCase extends NamedCase {
  readonly key: Uint8Array;
  /** Another key for a second fragment. */
  readonly second?: Uint8Array;
}

/** Keys that change nothing, everything, or one octet of four, and two keys in one message. */
export const maskCases: readonly MaskCase[] = [
  ...["00000000", "ffffffff", "80808080", "00000001", "01000000", "00ff00ff", "7b7b7b7b", "81fe8182"].map(
    (hex) => maskCase(Buffer.from(hex, "hex")),
  ),
  {
    ...maskCase(Buffer.from("00000000", "hex")),
    name: "two mask keys in one message",
    second: Buffer.from("a5c3f00d", "hex"),
  },
];

function maskCase(key: Uint8Array): MaskCase {
  return { name: `the mask key 0x${Buffer.from(key).toString("hex")}`, key };
}

/** S-FR-04. */
export const maskKeys: Check = {
  id: "S-FR-04",
  safe: true,
  async run(context) {
    const { witness } = context;
    if (witness === undefined || !witness.hasCommand) return noWitness("command that is answered");
    return decideRow(context, {
      label: "mask",
      cases: maskCases,
      arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }).map(maskCase),
      script: (one, scene) => underMask(context, scene, one),
      pass: (played) => `${witness.what} was given under ${played} mask keys`,
    });
  },
};

function underMask(context: CheckContext, scene: Case, one: MaskCase): Promise<CaseOutcome> {
  const mend =
    "XOR each octet of the payload with octet (index modulo 4) of the frame's own key, zero included (RFC 6455 section 5.3).";
  return compareWritten(
    context,
    scene,
    { what: `a command under ${one.name}`, mend },
    (tester, bytes, tell) => {
      tell();
      const { key, second } = one;
      if (second === undefined) {
        tester.frame({ opcode: OPCODE.text, payload: bytes, mask: key }, `a command under ${one.name}`);
        return undefined;
      }
      const [first = bytes, rest = bytes] = cutAt(bytes, [Math.ceil(bytes.length / 2)]);
      tester.frame({ opcode: OPCODE.text, fin: false, payload: first, mask: key });
      tester.frame({ opcode: OPCODE.continuation, payload: rest, mask: second });
      return undefined;
    },
  );
}
