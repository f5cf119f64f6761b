import { countProblem, refuseRequest, unknownKeys } from "../core/options.ts";
import type { JobFilter } from "../core/store.ts";

const LIST_LIMIT = 50;
const LIST_LIMIT_MAX = 1_000;

/** A page as somebody asks for it. */
export interface PageOptions {
  /** 1 to 1000, 50 unless given. */
  readonly limit?: number;
  readonly cursor?: string | null;
}

const FILTER_KEYS = [
  "state", "queue", "kind", "scope", "group", "tag", "createdBy", "worker", "q",
] as const satisfies readonly (keyof JobFilter)[]; // prettier-ignore

/** @throws InputError with every unknown key */
export function refuseFilter(filter: object, where: string): void {
  refuseRequest(unknownKeys(filter, FILTER_KEYS, where));
}

/** @throws InputError with everything that is wrong */
export function resolvePage({ limit, cursor }: PageOptions): {
  readonly limit: number;
  readonly cursor: string | null;
} {
  refuseRequest([
    countProblem(limit, "list(): limit"),
    (limit ?? 0) > LIST_LIMIT_MAX ? `list(): limit must be at most ${LIST_LIMIT_MAX}; got ${limit}` : undefined,
  ]);
  return { limit: limit ?? LIST_LIMIT, cursor: cursor ?? null };
}
