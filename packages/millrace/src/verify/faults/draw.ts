/** One of them, by chance; `undefined` when there is none. */
export function drawOne<T>(choices: readonly T[], chance: () => number): T | undefined {
  return choices[Math.floor(chance() * choices.length)];
}

/** Some of them by chance, in their order; one at least, when there is one. */
export function drawSome<T>(choices: readonly T[], chance: () => number): readonly T[] {
  const share = chance();
  const some = choices.filter(() => chance() < share);
  const [one] = some.length > 0 ? some : [drawOne(choices, chance)];
  if (some.length > 0 || one === undefined) return some;
  return [one];
}

/** A whole number from the least to the most. */
export function drawNumber(least: number, most: number, chance: () => number): number {
  return least + Math.floor(chance() * (most - least + 1));
}
