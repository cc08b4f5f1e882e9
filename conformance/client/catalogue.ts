/** All checks of a client, in the order of the catalogue. */
import { requirements } from "../requirements.js";
import { abnormalChecks } from "./abnormal-ends.js";
import { beatStreams } from "./beat-streams.js";
import { beats } from "./beats.js";
import { brokenFrames } from "./broken-frames.js";
import { burdens } from "./burdens.js";
import type { ClientCheck } from "./check.js";
import { closeTable } from "./close-table.js";
import { badCloses, closings } from "./closes.js";
import { illegalEvents, orderedDeliveries, validDeliveries } from "./deliveries.js";
import { dropStorm } from "./drop-storm.js";
import { misnamedEvents, newInEvents } from "./event-names.js";
import { firstDelayCheck } from "./first-delay.js";
import { edgeEvents, invalidEvents } from "./invalid-events.js";
import { notUtf8 } from "./not-utf8.js";
import { oneAtATime } from "./one-at-a-time.js";
import { opening } from "./opening.js";
import { ownCommands } from "./own-commands.js";
import { ownFrames } from "./own-frames.js";
import { ownPongs } from "./own-pongs.js";
import { pieceChecks } from "./pieces.js";
import { pings } from "./pings.js";
import { refusedCredentials } from "./refused-credentials.js";
import { refusedUpgradeChecks } from "./refused-upgrades.js";
import { replies } from "./replies.js";
import { resetDelay } from "./reset-delay.js";
import { restored } from "./restored.js";
import { schedules } from "./schedule.js";
import { silences } from "./silence.js";
import { spread } from "./spread.js";
import { termination } from "./termination.js";
import { toldInterval } from "./told-interval.js";
import { unanswered } from "./unanswered.js";
import { untrusted } from "./untrusted.js";
import { upgradeRequests } from "./upgrade-requests.js";
import { whileWaiting } from "./while-waiting.js";
import { wrongAnswerChecks } from "./wrong-answers.js";

const order = new Map(requirements.map(({ id }, index) => [id, index]));

const built: readonly ClientCheck[] = [
  upgradeRequests,
  ...wrongAnswerChecks,
  ...pieceChecks,
  ...abnormalChecks,
  ...refusedUpgradeChecks,
  unanswered,
  oneAtATime,
  untrusted,
  ownFrames,
  brokenFrames,
  notUtf8,
  pings,
  closings,
  badCloses,
  ...ownCommands,
  beats,
  firstDelayCheck,
  newInEvents,
  validDeliveries,
  invalidEvents,
  edgeEvents,
  orderedDeliveries,
  refusedCredentials,
  ...replies,
  illegalEvents,
  misnamedEvents,
  opening,
  termination,
  burdens,
  ...schedules,
  closeTable,
  resetDelay,
  dropStorm,
  ...silences,
  beatStreams,
  ownPongs,
  toldInterval,
  restored,
  ...whileWaiting,
  spread,
];

/** Every check that exists. */
export const clientChecks: readonly ClientCheck[] = [...built].sort(
  (a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0),
);
