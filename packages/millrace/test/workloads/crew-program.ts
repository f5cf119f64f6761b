import { openMillrace, type Millrace } from "millrace";
import { serveHttp } from "millrace/http";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Answer, CallerAnswer, Place, ServedWith, Task } from "./crew-messages.ts";
import type { Act, Party } from "./party.ts";

/** What is open, in the order in which it was opened; closed in the other. */
const ends: (() => Promise<void>)[] = [];
let client: { readonly place: Place; readonly mill: Millrace } | undefined;
let begin: (() => Promise<readonly CallerAnswer[]>) | undefined;

async function open(...to: Parameters<typeof openMillrace>): Promise<Millrace> {
  const mill = await openMillrace(...to);
  ends.push(() => mill.close());
  return mill;
}

function atEnd(end: () => Promise<void>): void {
  ends.push(end);
}

async function prepare({ module, act, callers }: Extract<Task, { readonly task: "prepare" }>): Promise<void> {
  if (client === undefined) throw new Error("nothing is open");
  const { mill, place } = client;
  const { store, url } = place;
  const acts = (await import(module)) as Readonly<Record<string, unknown>>;
  const run = acts[act];
  if (typeof run !== "function") throw new Error(`${module} exports no act "${act}"`);
  const ready = callers.map(({ index, input, seed }) => {
    const another: Party["open"] = (options = {}, to = url) => open(to, { ...place.options, ...options });
    const party: Party = { index, mill, store, url, chance: chanceFrom(seed), open: another, atEnd };
    return { index, run: () => (run as Act)(party, input as never) };
  });
  begin = () => Promise.all(ready.map(async ({ index, run: start }) => ended(index, start)));
}

async function ended(index: number, start: () => Promise<unknown>): Promise<CallerAnswer> {
  try {
    return { index, value: await start() };
  } catch (error) {
    return { index, error: textOf(error) };
  }
}

async function serve(store: string, { secretKey, ...options }: ServedWith): Promise<string> {
  const mill = await open(store, { secretKey });
  const server = await serveHttp({ mill, port: 0, stopGraceMs: 1_000, ...options });
  ends.push(() => server.stop());
  return server.url;
}

async function close(): Promise<void> {
  client = undefined;
  begin = undefined;
  for (const end of ends.splice(0).toReversed()) await end();
}

async function answer(task: Task): Promise<Answer> {
  switch (task.task) {
    case "open": {
      const { place } = task;
      client = { place, mill: await open(place.url, place.options) };
      return { type: "done" };
    }
    case "prepare":
      await prepare(task);
      return { type: "done" };
    case "go":
      if (begin === undefined) throw new Error("nothing was prepared");
      return { type: "ended", answers: await begin() };
    case "serve":
      return { type: "serving", url: await serve(task.store, task.options) };
    case "close":
      await close();
      return { type: "done" };
  }
}

/** Causes too: what a driver said is often below what we say. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${textOf(error.cause)}`;
}

function tell(message: Answer): void {
  process.send?.(message);
}

process.on("message", (task: Task) => {
  answer(task).then(tell, (error: unknown) => tell({ type: "error", text: textOf(error) }));
});
process.on("disconnect", () => process.exit());
tell({ type: "started" });
