import type { Store } from "../../../src/core/store.ts";
import type { GuaranteeId } from "../../../src/testing/index.ts";

/** A classic bug, how it is put into each kind of store, and the case that must find it there. */
export interface Bug {
  /** What a store does wrong that has it, as a sentence about the store. */
  readonly bug: string;
  readonly guarantee: GuaranteeId;
  /** `area: name` of a conformance case. */
  readonly convictedBy: string;
  readonly sqlite: Breakage | Absence;
  readonly postgres: Breakage | Absence;
}

/** One text of a statement, and what it is replaced by. */
export type Change = readonly [found: string, replacement: string];

/** What is done to a sound store. */
export interface Breakage {
  /** Statement name → what is changed in its SQL. On PostgreSQL `MIGRATION_1` names the SQL that makes the tables. */
  readonly edits?: Readonly<Record<string, Change | readonly Change[]>>;
  /** Puts a broken store in front of a sound one. */
  readonly wrap?: Wrap;
  /** It shows by an answer that never comes. Nobody else is convicted by being slow. */
  readonly isSilent?: boolean;
}

/** @param where the file or the URL where the store's data lie */
export type Wrap = (sound: Store, where: string, now: () => number) => Store;

/** A kind of store that cannot have the bug, or in which it cannot be made from outside. */
export interface Absence {
  readonly why: string;
}

export type StoreKind = "sqlite" | "postgres";

/** A store with one bug. */
export type Mutant = Pick<Bug, "bug" | "guarantee" | "convictedBy"> & Breakage;

/** Of these bugs, those that a kind of store is given. */
export function mutantsOf(kind: StoreKind, bugs: readonly Bug[]): readonly Mutant[] {
  return bugs.flatMap(({ bug, guarantee, convictedBy, [kind]: made }) =>
    "why" in made ? [] : [{ bug, guarantee, convictedBy, ...made }],
  );
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
  readonly #changes: ReadonlyMap<string, readonly Change[]>;
  readonly #applied = new Set<string>();
  readonly #missed = new Map<string, string>();

  constructor(edits: Mutant["edits"] = {}) {
    this.#changes = new Map(Object.entries(edits).map(([name, changes]) => [name, listOf(changes)]));
  }

  has(name: string): boolean {
    return this.#changes.has(name);
  }

  readonly edit = (name: string, sql: string): string => {
    let edited = sql;
    for (const [found, replacement] of this.#changes.get(name) ?? []) {
      if (!edited.includes(found)) this.#missed.set(name, found);
      edited = edited.replaceAll(found, () => replacement);
    }
    if (edited !== sql) this.#applied.add(name);
    return edited;
  };

  /** @throws MutationError unless every rewrite that was asked for changed its statement */
  assertFitting(): void {
    for (const [name, found] of this.#missed) {
      throw new MutationError(
        `the statement ${name} does not contain ${JSON.stringify(found)} any more, so nothing was broken`,
      );
    }
  }

  /** @throws MutationError unless every rewrite was asked for and changed its statement */
  assertApplied(): void {
    this.assertFitting();
    for (const name of this.#changes.keys()) {
      if (!this.#applied.has(name)) throw new MutationError(`no statement called ${name} was ever prepared`);
    }
  }
}

function listOf(changes: Change | readonly Change[]): readonly Change[] {
  return isOne(changes) ? [changes] : changes;
}

function isOne(changes: Change | readonly Change[]): changes is Change {
  return typeof changes[0] === "string";
}
