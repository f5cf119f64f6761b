/** The most that the server takes of anything at once. */
export const MOST_AT_ONCE = 1_000;
/** Characters of JSON in a request; the server takes four million bytes, and none has more than three for each. */
const MOST_TEXT = 1_000_000;

/** The items in portions that fit into a request each, in their order; one that is large goes alone. */
function portionsOf<T>(items: readonly T[], sizeOf: (item: T) => number): readonly (readonly T[])[] {
  const portions: T[][] = [];
  let size = 0;
  for (const item of items) {
    const itemSize = sizeOf(item);
    const last = portions.at(-1);
    if (last === undefined || last.length === MOST_AT_ONCE || size + itemSize > MOST_TEXT) {
      portions.push([item]);
      size = itemSize;
    } else {
      last.push(item);
      size += itemSize;
    }
  }
  return portions;
}

/** Asks for each portion, one after the other, and answers in the order of the items. */
export async function inPortions<T, Answer>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  ask: (portion: readonly T[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const portion of portionsOf(items, sizeOf)) answers.push(...(await ask(portion)));
  return answers;
}
