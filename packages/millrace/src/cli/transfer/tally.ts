import { createHash, type Hash } from "node:crypto";
import { recordLine, type TransferEnd } from "../../core/transfer-line.ts";
import { noRecords, RECORD_TYPES, totalOf, type RecordType, type TransferRecord } from "../../core/transfer.ts";

/** What passed by: how many records of each type, and a digest of them in their order. */
export class Tally {
  readonly #counts = noRecords();
  readonly #hashes = new Map<RecordType, Hash>(RECORD_TYPES.map((type) => [type, createHash("sha256")]));
  #numberCount = 0;

  /** Answers the line of the record. */
  add(record: TransferRecord): string {
    const line = recordLine(record);
    this.#counts[record.type] += 1;
    if (record.type === "job" && record.number !== null) this.#numberCount += 1;
    // Not every store can keep this one character, and those write this one instead.
    this.#hashes
      .get(record.type)
      ?.update(line.replaceAll(String.raw`\u0000`, "\u{fffd}"))
      .update("\n");
    return line;
  }

  addAll(records: readonly TransferRecord[]): readonly string[] {
    return records.map((record) => this.add(record));
  }

  get total(): number {
    return totalOf(this.#counts);
  }

  /** Jobs that have a number. */
  get numberCount(): number {
    return this.#numberCount;
  }

  /** As it stands; more may be added afterwards. */
  end(): TransferEnd & { readonly digests: NonNullable<TransferEnd["digests"]> } {
    const digests = Object.fromEntries([...this.#hashes].map(([type, hash]) => [type, hash.copy().digest("hex")]));
    return { counts: { ...this.#counts }, digests };
  }
}

/** The types of records in which two ends differ, with what differs. */
export function differencesOf(one: TransferEnd, other: TransferEnd): readonly string[] {
  return RECORD_TYPES.flatMap((type) => {
    const [a, b] = [one.counts[type], other.counts[type]];
    const [, many] = NAMES[type];
    if (a !== b) return [`${a} against ${b} ${many}`];
    const [c, d] = [one.digests?.[type], other.digests?.[type]];
    return c === undefined || d === undefined || c === d ? [] : [`${many} of other content`];
  });
}

const NAMES: Readonly<Record<RecordType, readonly [one: string, many: string]>> = {
  queue: ["queue", "queues"],
  counter: ["counter", "counters"],
  schedule: ["schedule", "schedules"],
  apiKey: ["API key", "API keys"],
  webhook: ["webhook", "webhooks"],
  job: ["job", "jobs"],
  attempt: ["earlier attempt", "earlier attempts"],
  log: ["log line", "log lines"],
  artifact: ["artifact", "artifacts"],
  lateReport: ["late report", "late reports"],
};

export function plural(type: RecordType, count: number): string {
  return `${count} ${NAMES[type][count === 1 ? 0 : 1]}`;
}
