import { openOnPostgres } from "../../../../examples/forge/on-postgres.ts";
import { openOnSqlite } from "../../../../examples/forge/on-sqlite.ts";
import type { Forge, NewItem } from "../../../../examples/forge/items.ts";
import type { LeaseRef } from "../../src/core/lease.ts";
import { openAt } from "../process/open-at.ts";
import type { Party } from "./party.ts";

export const HERE = import.meta.url;

/** The example's own tables and transactions, beside the queue at this address. */
export function openForgeAt(store: string): Promise<Forge> {
  if (store.startsWith("sqlite:")) return openOnSqlite(store.slice("sqlite:".length));
  return openOnPostgres(searchPathUrl(store));
}

/** An address by which tables of one's own lie in the schema of the queue. */
export function searchPathUrl(store: string): string {
  const url = new URL(store);
  url.searchParams.set("options", `-c search_path=${url.searchParams.get("schema") ?? "public"}`);
  return url.href;
}

/** One for the callers of a process, as a program has it. */
let opened: { readonly store: string; readonly forge: Promise<Forge> } | undefined;

function forgeOf({ store, atEnd }: Party): Promise<Forge> {
  if (opened?.store === store) return opened.forge;
  const forge = openForgeAt(store);
  opened = { store, forge };
  atEnd(async () => (await forge).close());
  return forge;
}

/** Open what is needed, so that nothing is left to do behind the barrier. */
export async function getReady(party: Party): Promise<void> {
  await forgeOf(party);
}

/** Creates, one after the other; answers their numbers, and `null` for those that were meant to be rolled back. */
export async function createAll(party: Party, items: readonly NewItem[]): Promise<readonly (number | null)[]> {
  const forge = await forgeOf(party);
  const numbers: (number | null)[] = [];
  for (const item of items) {
    const number = forge.create(item);
    numbers.push(item.fails === true ? await number.then(neverKept, expectedEnd) : await number);
  }
  return numbers;
}

function neverKept(): never {
  throw new Error("a create that was meant to be rolled back was kept");
}

function expectedEnd(error: Error): null {
  if (!/was not to be/.test(error.message)) throw error;
  return null;
}

/** Numbers of jobs, which is what a server gives. */
export async function enqueueAll({ mill }: Party, scopes: readonly string[]): Promise<readonly (number | null)[]> {
  const numbers: (number | null)[] = [];
  for (const scope of scopes) numbers.push((await mill.enqueue("issue", null, { scope })).number);
  return numbers;
}

/** What one of several writers says in the name of one lease. */
export interface Writing {
  readonly lease: LeaseRef;
  /** What a server knows the worker by. */
  readonly worker: { readonly id: string; readonly key: string } | null;
  readonly lines: readonly string[];
}

/** Write each line by a call of its own. */
export async function write({ store: at, url, atEnd }: Party, { lease, worker, lines }: Writing): Promise<void> {
  if (worker === null) {
    const store = await openAt(at);
    atEnd(() => store.close());
    for (const text of lines) await store.report([{ ...lease, progress: null, lines: [{ stream: "stdout", text }] }]);
    return;
  }
  for (const text of lines) {
    const answer = await fetch(`${url}/v1/workers/${worker.id}/logs`, {
      method: "POST",
      headers: { authorization: `Bearer ${worker.key}`, "content-type": "application/json" },
      body: JSON.stringify({ entries: [{ ...lease, stream: "stdout", text }] }),
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  }
}
