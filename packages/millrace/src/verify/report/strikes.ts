import type { RunSummary } from "./run-summary.ts";

/** What was done of one kind, and when. */
export interface StrikeLane {
  readonly name: string;
  readonly strikes: readonly Strike[];
}

export interface Strike {
  readonly at: number;
  readonly until: number;
  readonly target: string;
}

const MOST_LANES = 12;

/** A lane for each kind of fault, by when the first of them came; what the machine did to processes comes last. */
export function strikeLanes({ faults, stalls }: RunSummary): readonly StrikeLane[] {
  const byName = Map.groupBy(faults, ({ fault }) => fault);
  const lanes = [...byName].map(([name, strikes]) => ({ name, strikes }));
  const rest = lanes.slice(MOST_LANES).flatMap(({ strikes }) => strikes);
  return [
    ...lanes.slice(0, MOST_LANES),
    ...(rest.length === 0 ? [] : [{ name: "others", strikes: rest }]),
    ...(stalls.length === 0
      ? []
      : [{ name: "stalled", strikes: stalls.map((stall) => ({ ...stall, target: stall.process })) }]),
  ];
}

/** A piece of an axis on which one or more of them lie. */
export interface Stretch {
  readonly left: number;
  readonly right: number;
  readonly strikes: readonly Strike[];
}

/** Where strikes lie on an axis; those so near that the eye cannot tell them apart are one. */
export function stretches(
  strikes: readonly Strike[],
  place: (us: number) => number,
  { shortest, between }: { readonly shortest: number; readonly between: number },
): readonly Stretch[] {
  const found: { left: number; right: number; strikes: Strike[] }[] = [];
  for (const strike of strikes.toSorted((a, b) => a.at - b.at)) {
    const left = place(strike.at);
    const right = Math.max(place(strike.until), left + shortest);
    const last = found.at(-1);
    if (last !== undefined && left <= last.right + between) {
      last.right = Math.max(last.right, right);
      last.strikes.push(strike);
    } else {
      found.push({ left, right, strikes: [strike] });
    }
  }
  return found;
}
