/** Resolves after so many milliseconds. */
export function passing(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Resolves once the condition holds. @throws Error when it has not within its limit */
export async function holding(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`after ${limitMs} ms it was still not so that ${what}`);
    await passing(10);
  }
}
