/** Checks of frames, control frames and the closing handshake (S-FR). */
import type { Check } from "../check.js";
import { binary, binaryCases } from "./frames/binary.js";
import { chunkCases, chunks } from "./frames/chunks.js";
import { illegalCloseCases, illegalCloses, legalCloseCases, legalCloses } from "./frames/close-codes.js";
import { closeCases, closeHandshake } from "./frames/closing.js";
import { fragmentCases, fragments } from "./frames/fragments.js";
import { interleaving, interleavingCases } from "./frames/interleaving.js";
import { impossibleLengths, lengthCases, lengths, longFormCases, topBitCases } from "./frames/lengths.js";
import { maskCases, maskKeys } from "./frames/masks.js";
import { largeCases, oversize } from "./frames/oversize.js";
import { ownFrames, silentAfterClose } from "./frames/own-frames.js";
import { pingCases, pings } from "./frames/pings.js";
import {
  controlCases,
  headerChecks,
  reservedBitCases,
  reservedOpcodeCases,
  unmaskedCases,
} from "./frames/reserved.js";
import type { NamedCase } from "./frames/row.js";
import { strayCases, strays } from "./frames/strays.js";
import { invalidUtf8, invalidUtf8Cases } from "./frames/utf8.js";

/** Every check about frames. */
export const frameChecks: readonly Check[] = [
  lengths,
  impossibleLengths,
  maskKeys,
  ...headerChecks,
  interleaving,
  fragments,
  chunks,
  pings,
  strays,
  ownFrames,
  invalidUtf8,
  binary,
  closeHandshake,
  illegalCloses,
  legalCloses,
  silentAfterClose,
  oversize,
];

/** The cases of each row that are the same in every run; random ones come on top. */
export const frameCases: Readonly<Record<string, readonly NamedCase[]>> = {
  "S-FR-01": lengthCases,
  "S-FR-02": [...topBitCases, ...longFormCases],
  "S-FR-03": unmaskedCases,
  "S-FR-04": maskCases,
  "S-FR-05": reservedBitCases,
  "S-FR-06": reservedOpcodeCases,
  "S-FR-07": controlCases,
  "S-FR-08": interleavingCases,
  "S-FR-09": fragmentCases,
  "S-FR-10": chunkCases,
  "S-FR-11": pingCases,
  "S-FR-12": strayCases,
  "S-FR-14": invalidUtf8Cases,
  "S-FR-15": binaryCases,
  "S-FR-16": closeCases,
  "S-FR-17": illegalCloseCases,
  "S-FR-18": legalCloseCases,
  "S-FR-20": largeCases,
};
