import type { JobId } from "millrace";
import { MillraceClient } from "millrace/client";
import type { LeaseRef } from "../../src/core/lease.ts";
import { complete } from "../../src/core/outcome.ts";
import type { Store } from "../../src/core/store.ts";
import { afterOutcome, afterRelease } from "../../src/core/transition.ts";
import { SOURCE } from "../../../../examples/buildfarm/orders.ts";
import { openAt } from "../process/open-at.ts";
import type { Party } from "./party.ts";
import { WireWorker } from "./wire-worker.ts";

export const HERE = import.meta.url;

const AT_ONCE = 8;

export interface Racer {
  readonly name: string;
  readonly key: string;
}

/** What callers have brought up in this process, by their names. */
const workers = new Map<string, WireWorker>();

/** Registers before the race, so that nothing is left to do but to poll. */
export async function register({ url, atEnd }: Party, { name, key }: Racer): Promise<void> {
  workers.set(name, await WireWorker.register(url, key, { id: name }));
  atEnd(async () => void workers.delete(name));
}

/** One poll: the jobs that it got, and how long it took. */
export async function pollOnce(
  _: Party,
  { name }: Racer,
): Promise<{ readonly jobs: readonly string[]; readonly tookMs: number }> {
  const since = performance.now();
  const claimed = (await workers.get(name)?.claim()) ?? [];
  return { jobs: claimed.map(({ job }) => job), tookMs: performance.now() - since };
}

/** Asks something under a key; answers the status. */
export async function ask({ url }: Party, { key }: { readonly key: string }): Promise<number> {
  const { status, body } = await fetch(`${url}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } });
  await body?.cancel();
  return status;
}

/** Whoever submits, and whoever builds until so many builds are done. */
export type Part =
  | { readonly part: "submit"; readonly bytes: number; readonly key: string }
  | { readonly part: "build"; readonly total: number; readonly key: string };

/** Submits one build and answers its number; or builds, and answers the numbers of what it has built. */
export async function takePart({ index, url }: Party, part: Part): Promise<readonly (number | null)[]> {
  const client = new MillraceClient({ url, key: part.key });
  if (part.part === "submit") {
    const { id, number } = await client.enqueue("build", null, { queue: "builds" });
    await client.putArtifact(id, SOURCE, "x".repeat(part.bytes));
    return [number];
  }
  const worker = await WireWorker.register(url, part.key, { id: `builder-${index}` });
  const built: (number | null)[] = [];
  for (;;) {
    const claimed = await worker.claim(250);
    if (claimed.length === 0 && (await client.counts()).completed === part.total) return built;
    for (const { number, ...lease } of claimed) {
      const hasSource = await worker.hasArtifact(lease, SOURCE);
      if (hasSource) built.push(number);
      await (hasSource ? worker.settle(lease, "complete") : worker.settle(lease, "snooze", { delayMs: 20 }));
    }
  }
}

/** A lease of a worker of its own, with that worker's key where there is a server. */
export interface Held extends LeaseRef {
  readonly worker: string;
  readonly key: string | null;
}

export interface Ending {
  readonly how: "complete" | "release" | "leave" | "rescue";
  readonly leases: readonly Held[];
}

/** Ends leases in this way, some at a time so that all who end them meet; answers the jobs that were ended so. */
export async function endAll(
  { store: at, url, chance, atEnd }: Party,
  { how, leases }: Ending,
): Promise<readonly JobId[]> {
  const store = leases[0]?.key === null ? await openAt(at) : undefined;
  atEnd(async () => store?.close());
  const ended: JobId[] = [];
  for (let begin = 0; begin < leases.length; begin += AT_ONCE) {
    const some = leases.slice(begin, begin + AT_ONCE).toSorted(() => chance() - 0.5);
    const isEnded = await Promise.all(
      some.map((held) => (store === undefined ? endOverHttp(url, how, held) : endAtStore(store, how, held))),
    );
    ended.push(...some.filter((_, n) => isEnded[n] === true).map(({ job }) => job));
  }
  return ended;
}

/** Of others' leases that have run out it is the server that notices. */
async function endOverHttp(url: string, how: Ending["how"], { worker, key, job, token }: Held): Promise<boolean> {
  const holder = new WireWorker(url, worker, key ?? "");
  if (how === "leave") return (await holder.leave()) > 0;
  return how !== "rescue" && (await holder.settle({ job, token }, how)) === "settled";
}

async function endAtStore(store: Store, how: Ending["how"], { worker, job, token }: Held): Promise<boolean> {
  if (how === "leave") return (await store.removeWorker(worker)) > 0;
  if (how === "rescue") {
    await store.rescue(100);
    return false; // it may have been another's
  }
  const move = how === "release" ? afterRelease() : afterOutcome({ attempt: 1, maxAttempts: 3 }, complete(null));
  return (await store.settle([{ job, token, move }]))[0] === "settled";
}
