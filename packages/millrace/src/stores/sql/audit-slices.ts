import type { AuditOptions, AuditPart, AuditReport, DataViolation } from "../../core/audit.ts";
import { countProblem } from "../../core/options.ts";
import { OptionsError } from "../../core/errors.ts";
import { jobWalk } from "./audit-jobs.ts";
import { columnOf, type AuditDialect, type AuditRow, type AuditRule, type Reading } from "./audit-query.ts";
import { attemptWalk, counterWalk, laneWalk, logWalk, numberWalk } from "./audit-rows.ts";
import type { AuditWalk, Found } from "./audit-walk.ts";

const LIMIT_MS = 60_000;
const SLICE_ROWS = 1_000;
const MOST_NAMED = 10;
/** A worker that came back with all others looks after what is late within a second. */
const LOOK_AGAIN_MS = 3_000;

/** Runs the statements of one slice on one state of the data; the instant is the store's for "now". */
export type ReadSlice = <T>(slice: (now: number | null) => Reading<T>) => Promise<T>;
export type Audit = (read: ReadSlice, options?: AuditOptions) => Promise<AuditReport>;

/** How a store looks at its data, slice by slice; its statements are put together once. */
export function auditIn(dialect: AuditDialect): Audit {
  const jobs = jobWalk(dialect);
  const rows = [counterWalk, laneWalk, numberWalk, attemptWalk, logWalk].map((walk) => walk(dialect));
  return (read, options = {}) => new AuditRun(read, options).through([jobs, ...rows] as readonly AuditWalk<unknown>[]);
}

class AuditRun {
  readonly #read: ReadSlice;
  readonly #rows: number;
  readonly #until: number;
  readonly #onProgress: (jobs: number) => void;
  readonly #findings = new Findings();
  #jobs = 0;

  constructor(read: ReadSlice, { limitMs = LIMIT_MS, sliceRows = SLICE_ROWS, onProgress }: AuditOptions) {
    const problem = countProblem(sliceRows, "sliceRows");
    if (problem !== undefined) throw new OptionsError(problem);
    if (!(limitMs >= 0))
      throw new OptionsError(`limitMs: ${String(limitMs)} is no time to look for; expected 0 or more`);
    this.#read = read;
    this.#rows = sliceRows;
    this.#until = performance.now() + limitMs;
    this.#onProgress = onProgress ?? (() => undefined);
  }

  /** In turn, a slice each, so that where the time runs out something is known of everything. */
  async through(walks: readonly AuditWalk<unknown>[]): Promise<AuditReport> {
    const places = new Map(walks.map((walk) => [walk, walk.start]));
    while (places.size > 0 && performance.now() < this.#until) {
      for (const [walk, place] of places) {
        const slice = await this.#read((now) => walk.slice(place, this.#rows, now));
        this.#keep(walk, slice);
        if (slice.next === null) places.delete(walk);
        else places.set(walk, slice.next);
        if (performance.now() >= this.#until) break;
      }
      this.#onProgress(this.#jobs);
    }
    const violations = await this.#findings.confirmed(this.#read);
    const unfinished = new Set<AuditPart>([...places.keys()].map(({ part }) => part));
    const parts = walks.map(({ part }) => ({ part, isComplete: !unfinished.has(part) }));
    const verdict = violations.length > 0 ? "violated" : unfinished.size > 0 ? "unknown" : "sound";
    return { verdict, jobs: this.#jobs, violations, parts };
  }

  #keep(walk: AuditWalk<unknown>, slice: Found<unknown>): void {
    this.#jobs += slice.jobs;
    for (const { rules, rows } of slice.found) {
      for (const row of rows) this.#findings.add(walk, rules, row);
    }
  }
}

interface Finding {
  readonly rule: AuditRule;
  readonly walk: AuditWalk<unknown>;
  readonly rows: AuditRow[];
  readonly foundAt: number;
  count: number;
}

/** What was found, by rule: a few rows that show it, and how many there are. */
class Findings {
  readonly #byRule = new Map<AuditRule, Finding>();

  add(walk: AuditWalk<unknown>, rules: readonly AuditRule[], row: AuditRow): void {
    for (const rule of rules) {
      if (!isBroken(rule, row)) continue;
      let finding = this.#byRule.get(rule);
      if (finding === undefined) {
        finding = { rule, walk, rows: [], foundAt: performance.now(), count: 0 };
        this.#byRule.set(rule, finding);
      }
      finding.count += 1;
      if (finding.rows.length < MOST_NAMED) finding.rows.push(row);
    }
  }

  /** What only a moment broke is left out: of that, all rows that are named have been looked at again. */
  async confirmed(read: ReadSlice): Promise<readonly DataViolation[]> {
    const violations: DataViolation[] = [];
    for (const finding of this.#byRule.values()) {
      const { rule, rows, count } = finding;
      const kept = rule.isPassing === true ? await lookAgain(read, finding) : rows;
      if (kept.length === 0) continue;
      const { guarantee, message } = rule;
      violations.push({
        guarantee,
        message,
        count: count - (rows.length - kept.length),
        rows: kept.map(({ what }) => String(what)),
      });
    }
    return violations.toSorted((a, b) => a.guarantee.localeCompare(b.guarantee, "en", { numeric: true }));
  }
}

async function lookAgain(read: ReadSlice, { rule, walk, rows, foundAt }: Finding): Promise<readonly AuditRow[]> {
  const again = walk.again?.bind(walk);
  if (again === undefined) return rows;
  const early = foundAt + LOOK_AGAIN_MS - performance.now();
  if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  const kept: AuditRow[] = [];
  for (const row of rows) {
    const { found } = await read((now) => again(row, now));
    if (found.some((each) => each.rows.some((again) => isBroken(rule, again)))) kept.push(row);
  }
  return kept;
}

function isBroken(rule: AuditRule, row: AuditRow): boolean {
  const told = row[columnOf(rule)];
  return told === true || told === 1;
}
