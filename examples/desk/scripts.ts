import { fileURLToPath } from "node:url";
import type { Ended } from "./command-line.ts";
import type { Desk } from "./open-desk.ts";

/** What `millrace scripts` tells of a script. */
export interface ScriptInfo {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export interface ScriptIndex {
  readonly scripts: readonly ScriptInfo[];
  /** Those that were found by a word. */
  readonly found: readonly ScriptInfo[];
}

/** What there is to run: a listing, and a search. */
export async function findScripts({ command, scripts: folder }: Desk): Promise<ScriptIndex> {
  const scripts = await command.json<ScriptInfo[]>("scripts", "list", "--scripts", folder);
  const found = await command.json<ScriptInfo[]>("scripts", "search", "LINKS", "--scripts", folder);
  return { scripts, found };
}

const GUIDES = fileURLToPath(new URL("../../docs/guides", import.meta.url));

/** Jobs for scripts are jobs like any other: the kind is the name of the script. */
export async function enqueueScripts({ mill, group }: Desk): Promise<void> {
  const options = { queue: "docs", group };
  await mill.enqueueMany([
    { kind: "count-words", payload: { file: `${GUIDES}/scripts.md` }, options },
    { kind: "check-links", payload: { file: `${GUIDES}/scripts.md` }, options },
    { kind: "make-index", payload: { folder: GUIDES }, options },
    { kind: "slow", payload: { seconds: 2 }, options },
  ]);
}

/** One more, for a watcher that waits. Resolves when it has ended. */
export async function enqueueOneMore({ mill, group }: Desk): Promise<void> {
  const { id } = await mill.enqueue("count-words", { file: `${GUIDES}/cancel.md` }, { queue: "docs", group });
  await mill.wait(id);
}

export interface Drained {
  readonly first: Ended & { readonly pid: number };
  /** The one that came while the first was there. */
  readonly second: Ended;
}

/** A watcher that runs what there is, and one more for the same queue. */
export async function drainQueue({ command, scripts }: Desk): Promise<Drained> {
  const first = command.start("watch", "docs", "--scripts", scripts, "--drain");
  await first.said("Working on");
  const second = await command.run("watch", "docs", "--scripts", scripts);
  return { first: { ...(await first.ended), pid: first.pid }, second };
}
