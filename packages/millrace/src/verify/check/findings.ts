import type { Judgement } from "./linearize.ts";
import type { GuaranteeVerdict, HistoryViolation, StoryLine, Unknown } from "./verdict.ts";

/** What a history can show, as in docs/guarantees.md. G8 and G13 are about requests that nobody may make. */
const GUARANTEES = ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G9", "G10", "G11", "G12"] as const;

/** A broken store breaks its promises for many jobs; so many stories of each are enough. */
const MOST_STORIES = 3;
/** So many are kept to choose the shortest of. */
const MOST_KEPT = 30;

/** Part of a story, on the clock of the history. */
export interface Told {
  readonly from: number;
  /** `Infinity` where nobody heard of an answer. */
  readonly until: number;
  readonly process: string | null;
  readonly said: string;
}

interface Found {
  readonly violation: HistoryViolation;
  readonly at: number;
}

/** What the checks have found, counted, and told for a handful of each. */
export class Findings {
  readonly #judged = new Map<string, number>();
  readonly #violated = new Map<string, number>();
  readonly #unknownCount = new Map<string, number>();
  readonly #found = new Map<string, Found[]>();
  readonly #unknown = new Map<string, Unknown[]>();
  readonly #nameOf: (process: string) => string;

  /** @param nameOf what people call a process */
  constructor(nameOf: (process: string) => string) {
    this.#nameOf = nameOf;
  }

  judged(guarantee: string, count = 1): void {
    add(this.#judged, guarantee, count);
  }

  violated(guarantee: string, message: string, rows: readonly string[], told: readonly Told[]): void {
    add(this.#violated, guarantee, 1);
    const found = this.#found.get(guarantee) ?? [];
    this.#found.set(guarantee, found);
    if (found.length >= MOST_KEPT) return;
    const story = this.#storyOf(told);
    found.push({ violation: { guarantee, message, rows, story }, at: told[0]?.from ?? Infinity });
  }

  /** Count what was not looked into, being like what was. */
  violatedToo(guarantee: string, count: number): void {
    add(this.#violated, guarantee, count);
  }

  /** @param guarantees all that it keeps from being judged; told under the first */
  unknown(guarantees: string | readonly string[], about: string, why: string): void {
    const all = typeof guarantees === "string" ? [guarantees] : guarantees;
    for (const guarantee of all) add(this.#unknownCount, guarantee, 1);
    const [first = ""] = all;
    const told = this.#unknown.get(first) ?? [];
    this.#unknown.set(first, told);
    if (told.length < MOST_STORIES) told.push({ guarantee: first, about, why });
  }

  get guarantees(): readonly GuaranteeVerdict[] {
    return GUARANTEES.map((guarantee) => {
      const judged = this.#judged.get(guarantee) ?? 0;
      const violated = this.#violated.get(guarantee) ?? 0;
      const unknown = this.#unknownCount.get(guarantee) ?? 0;
      return { guarantee, judgement: judgementOf(violated, unknown), judged, violated, unknown };
    });
  }

  get judgement(): Judgement {
    const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
    return judgementOf(sum(this.#violated), sum(this.#unknownCount));
  }

  /** The shortest stories of each guarantee, those that happened first before others. */
  get violations(): readonly HistoryViolation[] {
    return GUARANTEES.flatMap((guarantee) =>
      (this.#found.get(guarantee) ?? [])
        .toSorted((a, b) => a.violation.story.length - b.violation.story.length || a.at - b.at)
        .slice(0, MOST_STORIES)
        .toSorted((a, b) => a.at - b.at)
        .map(({ violation }) => violation),
    );
  }

  get unknowns(): readonly Unknown[] {
    return GUARANTEES.flatMap((guarantee) => this.#unknown.get(guarantee) ?? []);
  }

  #storyOf(told: readonly Told[]): readonly StoryLine[] {
    const inOrder = told.toSorted((a, b) => a.from - b.from);
    const start = inOrder[0]?.from ?? 0;
    return inOrder.map(({ from, until, process, said }) => ({
      from: from - start,
      until: until < Number.MAX_VALUE ? until - start : null,
      process: process === null ? null : this.#nameOf(process),
      said,
    }));
  }
}

function judgementOf(violated: number, unknown: number): Judgement {
  return violated > 0 ? "violated" : unknown > 0 ? "unknown" : "ok";
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
