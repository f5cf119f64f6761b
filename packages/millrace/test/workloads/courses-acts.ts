import { isMillraceError, type JobProgress } from "millrace";
import { until } from "../runtime/until.ts";
import type { Party } from "./party.ts";

export const HERE = import.meta.url;

/** Somebody who asks for the end of a job. */
export interface Asking {
  readonly id: string;
  readonly by: string;
  /** What a server is shown; `null` for nothing. Left out where callers have the store, and there is nobody to ask for a key. */
  readonly key?: string | null | undefined;
}

export interface Answered {
  /** As over HTTP, whichever way it was asked. */
  readonly status: number;
  /** All that was said. */
  readonly text: string;
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = { job_not_found: 404, state_conflict: 409 };

export async function askToCancel({ mill, url }: Party, { id, by, key }: Asking): Promise<Answered> {
  if (key === undefined) return byLibrary(mill.cancel(id, { by, reason: "asked by a test" }));
  const headers = new Headers({ "content-type": "application/json" });
  if (key !== null) headers.set("authorization", `Bearer ${key}`);
  const init = { method: "POST", headers, body: '{"reason":"asked by a test"}' };
  const answer = await fetch(`${url}/v1/jobs/${id}/cancel`, init);
  return { status: answer.status, text: await answer.text() };
}

async function byLibrary(call: Promise<unknown>): Promise<Answered> {
  try {
    return { status: 200, text: JSON.stringify(await call) };
  } catch (error) {
    const status = isMillraceError(error) ? STATUS_BY_CODE[error.code] : undefined;
    if (status === undefined) throw error;
    return { status, text: String(error) };
  }
}

/** One who runs jobs of no time until none is left, or one who cancels them, in an order of its own. */
export type Racer = { readonly role: "worker" } | { readonly role: "canceller"; readonly ids: readonly string[] };

/** Answers the status of each cancel. */
export async function race(party: Party, racer: Racer): Promise<readonly (readonly [id: string, status: number])[]> {
  const { mill, chance, index } = party;
  if (racer.role === "worker") {
    const worker = mill.worker({ concurrency: 5 }).handle("instant", () => index);
    await worker.start();
    await worker.drain();
    await worker.stop();
    return [];
  }
  const order = racer.ids.map((id) => ({ id, place: chance() })).toSorted((a, b) => a.place - b.place);
  const answers: [string, number][] = [];
  for (const { id } of order) answers.push([id, (await byLibrary(mill.cancel(id))).status]);
  return answers;
}

/** Answers the id of the job that has the key, or the code of the refusal. */
export async function enqueueUnderKey({ mill }: Party, payload: number): Promise<string> {
  try {
    return (await mill.enqueue("course.build", { payload }, { key: "course-1" })).id;
  } catch (error) {
    if (isMillraceError(error) && error.code === "duplicate_job") return error.code;
    throw error;
  }
}

/** Look at a job until it is as far as this; answers what is told of that. */
export async function seeProgress(
  { mill }: Party,
  { id, percent }: { readonly id: string; readonly percent: number },
): Promise<JobProgress | null> {
  await until(`${percent} % are seen`, async () => (await mill.get(id))?.progress?.percent === percent);
  return (await mill.get(id))?.progress ?? null;
}
