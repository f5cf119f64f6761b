/** Something that was asked for between two instants, and takes effect at one instant in between; or never. */
export interface Step<State> {
  readonly from: number;
  /** `Infinity` where nobody was told that it had its effect. */
  readonly until: number;
  /** It may as well not have happened. */
  readonly isOptional: boolean;
  /** One like it, of which it is the next: it is thought of only once that one is. */
  readonly twinOf?: Step<State>;
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
  given: readonly Step<State>[],
  initial: State,
  keyOf: (state: State) => string,
  budget = DEFAULT_BUDGET,
): Judgement {
  // By their beginnings, so that only those near to each other have to be looked at together.
  const steps = given.toSorted((a, b) => a.from - b.from);
  const seen = new Set<string>();
  const isDone = new Uint8Array(steps.length);
  const twins = steps.map(({ twinOf }) => (twinOf === undefined ? -1 : steps.indexOf(twinOf)));
  let looks = 0;

  /** The earliest end of what is not done and has to be. */
  function firstEnd(): number {
    let end = Infinity;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step<State>;
      if (step.from > end) break;
      if (isDone[i] === 0 && !step.isOptional && step.until < end) end = step.until;
    }
    return end;
  }

  function search(state: State, requiredLeft: number): Judgement {
    if (requiredLeft === 0) return "ok";
    const end = firstEnd();
    const next: { readonly at: number; readonly state: State; readonly isOptional: boolean }[] = [];
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step<State>;
      // What began after another had ended cannot have come before it.
      if (step.from > end) break;
      if (isDone[i] !== 0) continue;
      const twin = twins[i] as number;
      if (twin >= 0 && isDone[twin] === 0) continue;
      const after = step.apply(state);
      if (after === null) continue;
      if (after !== state) {
        next.push({ at: i, state: after, isOptional: step.isOptional });
        continue;
      }
      if (step.isOptional) continue;
      // What is true now and changes nothing may as well come first: whatever order there is, there is one with it here.
      isDone[i] = 1;
      const judgement = search(state, requiredLeft - 1);
      isDone[i] = 0;
      return judgement;
    }
    const name = `${String.fromCharCode(...isDone)}${keyOf(state)}`;
    if (seen.has(name)) return "violated";
    seen.add(name);
    looks += 1;
    if (looks > budget) return "unknown";
    let isUnknown = false;
    for (const { at, state: after, isOptional } of next) {
      isDone[at] = 1;
      const judgement = search(after, requiredLeft - (isOptional ? 0 : 1));
      isDone[at] = 0;
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
