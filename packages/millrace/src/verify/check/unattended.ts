import type { History } from "../history/history.ts";
import { Times, type Span } from "./times.ts";

/**
 * When there was nobody who takes back what others have lost: all that do so had died, and whoever came after them had
 * not begun. Nothing where the history tells of nobody who does.
 */
export function unattendedSpans({ calls, lastHeard }: Pick<History, "calls" | "lastHeard">): readonly Span[] {
  const begun = new Map<string, number>();
  for (const { operation, process, from } of calls) {
    if (operation.name === "rescue" && !begun.has(process)) begun.set(process, from);
  }
  const attended = new Times([...begun].map(([process, from]) => ({ from, until: lastHeard.get(process) ?? from })));
  return attended.spans.flatMap(({ until }, i) => {
    const next = attended.spans[i + 1];
    return next === undefined ? [] : [{ from: until, until: next.from }];
  });
}
