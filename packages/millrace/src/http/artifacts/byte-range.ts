import type { ByteRange } from "./places.ts";

/**
 * What a `Range` header asks of so many bytes; `undefined` for all of them: also for several ranges and for what makes no
 * sense, as RFC 9110 has it.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const asked = /^bytes *= *(\d*) *- *(\d*)$/i.exec(header?.trim() ?? "");
  if (asked === null) return undefined;
  const [, from = "", to = ""] = asked;
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const count = Math.min(Number(to), size);
    return count === 0 ? "unsatisfiable" : { first: size - count, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}
