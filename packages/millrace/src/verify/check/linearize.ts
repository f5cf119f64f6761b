/** Something that was asked for between two instants, and takes effect at one instant in between; or never. */
export interface Step<State> {
  readonly from: number;
  /** `Infinity` where nobody was told that it had its effect. */
  readonly until: number;
  /** It may as well not have happened. */
  readonly isOptional: boolean;
  /** The state after it; `null` where what was answered is not possible. */
  readonly apply: (state: State) => State | null;
}

export type Judgement = "ok" | "violated" | "unknown";

const DEFAULT_BUDGET = 20_000;
/** For each of the many questions that make a story short. */
const SHRINK_BUDGET = 2_000;

/**
 * Whether the steps can be put into one order that each of them agrees with: no step before another that had ended when
 * it began, and every answer as the state at its place demands.
 *
 * A search over which step was next, that never looks twice at the same steps done with the same state reached.
 * Source: J. Wing, C. Gong, "Testing and verifying concurrent objects" (1993); G. Lowe, "Testing for linearizability"
 * (2017), for remembering.
 * @param keyOf names a state; equal states have equal names
 * @param budget looks at most so many times, then it is "unknown"
 */
export function linearize<State>(
  steps: readonly Step<State>[],
  initial: State,
  keyOf: (state: State) => string,
  budget = DEFAULT_BUDGET,
): Judgement {
  const seen = new Set<string>();
  const isDone = new Uint8Array(steps.length);
  let looks = 0;

  function search(state: State, requiredLeft: number): Judgement {
    if (requiredLeft === 0) return "ok";
    const name = `${isDone.join("")} ${keyOf(state)}`;
    if (seen.has(name)) return "violated";
    seen.add(name);
    looks += 1;
    if (looks > budget) return "unknown";
    let firstEnd = Infinity;
    steps.forEach((step, i) => {
      if (isDone[i] === 0 && !step.isOptional) firstEnd = Math.min(firstEnd, step.until);
    });
    let isUnknown = false;
    for (const [i, step] of steps.entries()) {
      // What began after another had ended cannot have come before it.
      if (isDone[i] !== 0 || step.from > firstEnd) continue;
      const next = step.apply(state);
      if (next === null) continue;
      isDone[i] = 1;
      const judgement = search(next, requiredLeft - (step.isOptional ? 0 : 1));
      isDone[i] = 0;
      if (judgement === "ok") return "ok";
      isUnknown ||= judgement === "unknown";
    }
    return isUnknown ? "unknown" : "violated";
  }

  return search(initial, steps.filter(({ isOptional }) => !isOptional).length);
}

/**
 * The fewest steps that still cannot be put in order: all others may as well not have happened, which can only make it
 * easier.
 */
export function shrink<State, S extends Step<State>>(
  steps: readonly S[],
  initial: State,
  keyOf: (state: State) => string,
): readonly S[] {
  let needed = [...steps];
  for (const step of steps) {
    const without = needed.map((each): Step<State> => (each === step ? { ...each, isOptional: true } : each));
    if (step.isOptional || linearize(without, initial, keyOf, SHRINK_BUDGET) !== "violated") continue;
    needed = needed.map((each) => (each === step ? { ...each, isOptional: true } : each));
  }
  return needed.filter(({ isOptional }) => !isOptional);
}
