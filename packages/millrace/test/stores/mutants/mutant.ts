import type { Store } from "../../../src/core/store.ts";
import type { GuaranteeId } from "../../../src/testing/index.ts";

/** A store with one classic bug, and the case that must find it. */
export interface Mutant {
  /** What it does wrong, as a sentence about the store. */
  readonly bug: string;
  readonly guarantee: GuaranteeId;
  /** `area: name` of a conformance case. */
  readonly convictedBy: string;
  /** Statement name → what is replaced in its SQL, and by what. */
  readonly edits?: Readonly<Record<string, readonly [found: string, replacement: string]>>;
  /** Puts a broken store in front of a sound one. */
  readonly wrap?: (sound: Store, file: string, now: () => number) => Store;
  /** It takes several connections to see the bug, or one beside the store to make it. */
  readonly needsFile?: boolean;
}

/** A mutant that is none: what it was to change is not there, or is never asked for. */
export class MutationError extends Error {
  override readonly name = "MutationError";
}

/**
 * Rewrites statements as a mutant says, and keeps book of it. A rewrite that does not apply must not pass for a sound
 * statement, and an error thrown in the middle of the store would pass for a conviction; so it is asked for at the end.
 */
export class Edits {
  readonly #edits: NonNullable<Mutant["edits"]>;
  readonly #applied = new Set<string>();
  readonly #missed = new Set<string>();

  constructor(edits: Mutant["edits"] = {}) {
    this.#edits = edits;
  }

  readonly edit = (name: string, sql: string): string => {
    const change = this.#edits[name];
    if (change === undefined) return sql;
    const [found, replacement] = change;
    const edited = sql.replaceAll(found, () => replacement);
    (edited === sql ? this.#missed : this.#applied).add(name);
    return edited;
  };

  /** @throws MutationError unless every rewrite was asked for and changed its statement */
  assertApplied(): void {
    for (const [name, [found]] of Object.entries(this.#edits)) {
      if (this.#missed.has(name)) {
        throw new MutationError(
          `the statement ${name} does not contain ${JSON.stringify(found)} any more, so nothing was broken`,
        );
      }
      if (!this.#applied.has(name)) throw new MutationError(`no statement called ${name} was ever prepared`);
    }
  }
}
