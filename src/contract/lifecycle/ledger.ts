/** The refusals that are owed for frames that do not decode: one each, with a payload code, in time. */

/** A frame that we sent and that does not decode. */
interface Debt {
  /** The server may close the connection instead. */
  readonly closes: boolean;
  /** Absent: the clock does not run yet, because commands wait before it. */
  dueMs: number | undefined;
}

/** Keeps what is owed. All times are milliseconds on the caller's clock. */
export class Ledger {
  readonly #answerMs: number;
  #debts: Debt[] = [];
  /** Refusals that are allowed and not owed: where the document does not say what becomes of an unknown name. */
  #allowed = 0;

  constructor(answerMs: number) {
    this.#answerMs = answerMs;
  }

  /** A frame was sent that must be refused. `running`: nothing waits before it, its clock runs at once. */
  owe(atMs: number, options: { readonly closes: boolean; readonly running: boolean }): void {
    this.#debts.push({ closes: options.closes, dueMs: options.running ? atMs + this.#answerMs : undefined });
  }

  /** A frame was sent that may be refused. */
  allow(): void {
    this.#allowed++;
  }

  /** Nothing waits any more: clocks that stood still run from now. */
  run(atMs: number): void {
    for (const debt of this.#debts) debt.dueMs ??= atMs + this.#answerMs;
  }

  /** Whether a refusal with a payload code has a cause; it is used up. */
  settle(): boolean {
    // One that a close may answer is kept longest: the close can still come.
    const plain = this.#debts.findIndex((debt) => !debt.closes);
    const index = plain >= 0 ? plain : this.#debts.length > 0 ? 0 : -1;
    if (index >= 0) this.#debts.splice(index, 1);
    else if (this.#allowed > 0) this.#allowed--;
    else return false;
    return true;
  }

  /** Whether a close would be an answer. */
  get closes(): boolean {
    return this.#debts.some((debt) => debt.closes);
  }

  get waiting(): boolean {
    return this.#debts.some((debt) => debt.dueMs === undefined);
  }

  get owed(): number {
    return this.#debts.length;
  }

  /** The earliest time at which something is overdue. */
  get nextDueMs(): number {
    return Math.min(
      ...this.#debts.map((debt) => debt.dueMs ?? Number.POSITIVE_INFINITY),
      Number.POSITIVE_INFINITY,
    );
  }

  /** Takes out what is overdue and gives the times at which it was due. */
  expire(nowMs: number): { readonly dueMs: number; readonly closes: boolean }[] {
    const overdue = this.#debts.flatMap(({ dueMs, closes }) =>
      dueMs !== undefined && dueMs < nowMs ? [{ dueMs, closes }] : [],
    );
    if (overdue.length > 0) {
      this.#debts = this.#debts.filter(({ dueMs }) => dueMs === undefined || dueMs >= nowMs);
    }
    return overdue;
  }
}
