import type { GuaranteeId, StoreProvider } from "../../../src/testing/index.ts";
import type { HistoryViolation } from "../../../src/verify/check/verdict.ts";
import { SchemaPool } from "../../postgres/schema-pool.ts";
import { makeEditedTables } from "../../stores/mutants/edited-tables.ts";
import { Edits, type Breakage, type StoreKind } from "../../stores/mutants/mutant.ts";
import { postgresProvider } from "../../stores/postgres-provider.ts";
import { fileProvider, type ClockOf } from "../../stores/sqlite-provider.ts";
import { playCrew } from "../simulated-crew.ts";
import { verdictOn } from "../verdict-on.ts";
import { partOf } from "./checker-parts.ts";
import type { Finding, Hunt, HuntTerms } from "./classic-bug.ts";
import { provokedClocks, toldOf, type Provocation } from "./provocations.ts";

/** Short histories, one after the other, come sooner to a bug than a long one. They grow up to the last of these. */
const ROUNDS = [10, 20, 40, 60] as const;
const MOST_ROUNDS = 60;

export interface HistoryHunt {
  readonly kind: StoreKind;
  readonly breakage: Breakage;
  /** Guarantees of which any shows the bug. */
  readonly shows: readonly GuaranteeId[];
  /** @default "none" */
  readonly provocation?: Provocation;
  /** Who plays. @default workers who do everything there is */
  readonly play?: typeof playCrew;
}

/** Let crews play on the broken store, by one seed after the other, until what they saw cannot be true. */
export function huntByHistory({ kind, breakage, shows, provocation = "none", play = playCrew }: HistoryHunt): Hunt {
  return {
    place: kind === "sqlite" ? "SQLite" : "PostgreSQL",
    async run({ seed: firstSeed, deadline }: HuntTerms): Promise<Finding | null> {
      let operations = 0;
      for (let seed = firstSeed; performance.now() < deadline; seed++) {
        const edits = new Edits(breakage.edits);
        const broken = brokenProvider(kind, breakage, edits, provokedClocks(provocation, seed));
        try {
          const rounds = ROUNDS[seed - firstSeed] ?? MOST_ROUNDS;
          const { violations, checked } = await verdictOn(broken, seed, rounds, toldOf(provocation, play));
          edits.assertFitting();
          operations += checked.calls;
          const violation = shown(violations, shows);
          if (violation === undefined) continue;
          return { guarantee: violation.guarantee, foundBy: partOf(violation), operations, violation, seed };
        } finally {
          await broken.dispose();
        }
      }
      return null;
    },
  };
}

/** What tells a story makes the better picture. */
function shown(violations: readonly HistoryViolation[], shows: readonly string[]): HistoryViolation | undefined {
  const fitting = violations.filter(({ guarantee }) => shows.includes(guarantee));
  return fitting.toSorted((a, b) => Number(b.story.length > 0) - Number(a.story.length > 0))[0];
}

type Disposable = StoreProvider & { readonly dispose: () => Promise<void> };

const schemas = new SchemaPool();

/** Drop what the hunts on PostgreSQL have used. */
export const dropSchemas = (): Promise<void> => schemas.dispose();

/** Stores of that kind with the bug. Whoever changes the tables has a schema of its own; the others share some. */
function brokenProvider(kind: StoreKind, { wrap }: Breakage, edits: Edits, clockOf: ClockOf): Disposable {
  const options = { edit: edits.edit, clockOf, ...(wrap === undefined ? {} : { wrap }) };
  if (kind === "sqlite") return { ...fileProvider(options), dispose: () => Promise.resolve() };
  if (!edits.has("MIGRATION_1")) return postgresProvider({ ...options, schemas });
  return postgresProvider({ ...options, makeTables: (schema) => makeEditedTables(schema, edits) });
}
