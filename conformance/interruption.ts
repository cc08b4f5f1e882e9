/**
 * Why a case cannot go on although neither the check nor the kit is at fault. Thrown through checks, which need not
 * know them: the runner turns each into a verdict.
 */

/** The run is over: its time is up, the user stopped it, or the subject died. Never to be mistaken for silence. */
export class RunAborted extends Error {
  override readonly name = "RunAborted";
}

/** The subject refused a handshake that a case needed. */
export class SubjectRefused extends Error {
  override readonly name = "SubjectRefused";
}

/** The subject cannot be reached (any more). */
export class SubjectGone extends Error {
  override readonly name = "SubjectGone";
}
