import { RECORD_TYPES, type RecordCounts } from "../../core/transfer.ts";
import { plural, type Tally } from "./tally.ts";

/** `1 queue, 2 counters, 3 jobs, 1 earlier attempt and 7 log lines`; what there is none of is left out. */
export function countsText(counts: RecordCounts): string {
  const parts = RECORD_TYPES.filter((type) => counts[type] > 0).map((type) => plural(type, counts[type]));
  return listText(parts.length === 0 ? ["nothing"] : parts);
}

/** What was read back, or read on both sides. */
export function checkedText(tally: Tally): string {
  const { counts } = tally.end();
  const numbers = `${tally.numberCount} ${tally.numberCount === 1 ? "number" : "numbers"}`;
  const more = (["apiKey", "webhook", "artifact", "lateReport"] as const).filter((type) => counts[type] > 0);
  return listText([
    plural("job", counts.job),
    numbers,
    plural("counter", counts.counter),
    plural("attempt", counts.attempt),
    plural("log", counts.log),
    ...more.map((type) => plural(type, counts[type])),
  ]);
}

/** Running jobs that were carried all the same; `""` for none. */
export function lostText(lostCount: number): string {
  if (lostCount === 0) return "";
  return lostCount === 1
    ? "1 job was running, and is carried as if its worker had died."
    : `${lostCount} jobs were running, and are carried as if their workers had died.`;
}

function listText(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}
