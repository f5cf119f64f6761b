import type { ClassicBug, Finding, Hunt, Place } from "./classic-bug.ts";
import type { SoundRow } from "./sound-rows.ts";

/** What came of the hunt for one bug in one place. */
export interface Result {
  readonly bug: string;
  readonly guarantee: string;
  readonly wasShipped: boolean;
  readonly place: Place;
  readonly seconds: number;
  /** `null` where it was not found. */
  readonly finding: Finding | null;
  /** Why it was given up, where that was not for the time. */
  readonly problem?: string;
}

/** What came of the hunt in something sound. */
export interface SoundResult {
  readonly under: string;
  readonly place: Place;
  readonly seconds: number;
  /** `null` where nothing was found, as it should be. */
  readonly finding: Finding | null;
  readonly problem?: string;
}

/** Each bug has so long. */
const LIMIT_MS = 60_000;
/** What is sound is looked at for so long. */
const SOUND_LIMIT_MS = 10_000;
/** A hunt that does not look at the time is in the middle of something for so long at most. */
const MARGIN_MS = 30_000;

type Outcome = Pick<Result, "seconds" | "finding" | "problem">;

export async function resultOf(
  { bug, guarantee, wasShipped = false }: ClassicBug,
  hunt: Hunt,
  seed: number,
): Promise<Result> {
  const outcome = await perform(hunt, seed, LIMIT_MS);
  const isLate = outcome.finding !== null && outcome.seconds * 1_000 > LIMIT_MS;
  const late = isLate ? { finding: null, problem: `it took ${outcome.seconds.toFixed(0)} s` } : {};
  return { bug, guarantee, wasShipped, place: hunt.place, ...outcome, ...late };
}

export async function soundResultOf({ under, hunt }: SoundRow, seed: number): Promise<SoundResult> {
  return { under, place: hunt.place, ...(await perform(hunt, seed, SOUND_LIMIT_MS)) };
}

async function perform(hunt: Hunt, seed: number, limitMs: number): Promise<Outcome> {
  const begin = performance.now();
  const tooLate = Promise.withResolvers<never>();
  const limit = setTimeout(() => tooLate.reject(new Error("it did not come to an end")), limitMs + MARGIN_MS);
  const seconds = (): number => (performance.now() - begin) / 1_000;
  try {
    const finding = await Promise.race([hunt.run({ seed, deadline: begin + limitMs }), tooLate.promise]);
    return { seconds: seconds(), finding };
  } catch (error) {
    return { seconds: seconds(), finding: null, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(limit);
  }
}
