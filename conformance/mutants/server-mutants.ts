/** Every server mutant: the kill matrix is a test. */

import { mutant as answersOutOfOrder } from "./answers-out-of-order.js";
import { mutant as arrayKillsConnection } from "./array-kills-connection.js";
import { mutant as badJsonCloses1000 } from "./bad-json-closes-1000.js";
import { mutant as badJsonCloses1006 } from "./bad-json-closes-1006.js";
import { shortCircuit as closesAtOnce } from "./closes-at-once.js";
import { mutant as closingHandshakeUnanswered } from "./closing-handshake-unanswered.js";
import { mutant as contentHtmlEscaped } from "./content-html-escaped.js";
import { mutant as dataPrefixEaten } from "./data-prefix-eaten.js";
import { shortCircuit as echoesFrames } from "./echoes-frames.js";
import { mutant as enumValueOffTheList } from "./enum-value-off-the-list.js";
import { shortCircuit as errorForEverything } from "./error-for-everything.js";
import { mutant as eventAfterTerminal } from "./event-after-terminal.js";
import { mutant as eventInPaused } from "./event-in-paused.js";
import { mutant as extraFieldAccepted } from "./extra-field-accepted.js";
import { mutant as foreignFieldAccepted } from "./foreign-field-accepted.js";
import { mutant as illegalCommandIgnored } from "./illegal-command-ignored.js";
import { mutant as keyTypeForEvent } from "./key-type-for-event.js";
import { mutant as longFrameCut } from "./long-frame-cut.js";
import type { Mutant } from "./mutant.js";
import { mutant as noPong } from "./no-pong.js";
import { mutant as nonAsciiMangled } from "./non-ascii-mangled.js";
import { mutant as numberAsString } from "./number-as-string.js";
import { mutant as pingPayloadNotEchoed } from "./ping-payload-not-echoed.js";
import { mutant as pongWithoutToken } from "./pong-without-token.js";
import { shortCircuit as refusesEverything } from "./refuses-everything.js";
import { mutant as replyTwice } from "./reply-twice.js";
import { mutant as requiredFieldMissing } from "./required-field-missing.js";
import { shortCircuit as sameEvent } from "./same-event.js";
import type { ShortCircuit } from "./short-circuit.js";
import { shortCircuit as silent } from "./silent.js";
import { mutant as stateChangedByRefusedCommand } from "./state-changed-by-refused-command.js";
import { mutant as terminalMissing } from "./terminal-missing.js";
import { mutant as terminalMissingInExchange } from "./terminal-missing-in-exchange.js";
import { mutant as terminalTwice } from "./terminal-twice.js";
import { mutant as unknownCommandIgnored } from "./unknown-command-ignored.js";
import { mutant as validCommandRefused } from "./valid-command-refused.js";
import { mutant as wrongAccept } from "./wrong-accept.js";

/** Servers that are wrong in exactly one way, in the order of their names. */
export const serverMutants: readonly Mutant[] = [
  answersOutOfOrder,
  arrayKillsConnection,
  badJsonCloses1000,
  badJsonCloses1006,
  closingHandshakeUnanswered,
  contentHtmlEscaped,
  dataPrefixEaten,
  enumValueOffTheList,
  eventAfterTerminal,
  eventInPaused,
  extraFieldAccepted,
  foreignFieldAccepted,
  illegalCommandIgnored,
  keyTypeForEvent,
  longFrameCut,
  noPong,
  nonAsciiMangled,
  numberAsString,
  pingPayloadNotEchoed,
  pongWithoutToken,
  replyTwice,
  requiredFieldMissing,
  stateChangedByRefusedCommand,
  terminalMissingInExchange,
  terminalMissing,
  terminalTwice,
  unknownCommandIgnored,
  validCommandRefused,
  wrongAccept,
];

/** Servers that keep no contract, for any channel; their events, where they have some, are those of `workflow`. */
export const shortCircuits: readonly ShortCircuit[] = [
  refusesEverything,
  closesAtOnce,
  silent,
  sameEvent,
  errorForEverything,
  echoesFrames,
];
