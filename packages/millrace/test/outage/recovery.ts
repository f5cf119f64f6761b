import { isMillraceError, type Job, type Millrace } from "millrace";
import { expect } from "vitest";
import { until } from "../runtime/until.ts";

/** Every call ends within its bound with a result or a typed error; a busy machine is given some more. */
export const CALL_LIMIT_MS = 11_000;

/** After the database's return everybody is at work again within so long. */
export const RECOVERY_LIMIT_MS = 5_000;

export interface Answer<T> {
  readonly value?: T;
  readonly error?: unknown;
  readonly tookMs: number;
}

/** What a call answered, and after how long. */
export async function timed<T>(call: () => Promise<T>): Promise<Answer<T>> {
  const startedAt = performance.now();
  try {
    return { value: await call(), tookMs: performance.now() - startedAt };
  } catch (error) {
    return { error, tookMs: performance.now() - startedAt };
  }
}

/** Call it until it succeeds. Whatever is not retryable is thrown. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isMillraceError(error) || !error.retryable) throw error;
      // A refusal at once is no reason to spin.
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
  }
}

/** It was refused in time, and can be asked again. @param code either of the two unless given */
export function expectRefusal({ error, tookMs }: Answer<unknown>, code?: "store_busy" | "store_unavailable"): void {
  expect(error).toMatchObject({ name: "StoreError", retryable: true, ...(code === undefined ? {} : { code }) });
  expect(tookMs).toBeLessThan(CALL_LIMIT_MS);
}

/** From now on until a job that is enqueued now has been done; it must not take longer than the limit. */
export async function expectRecovery(mill: Millrace, kind: string, limitMs = RECOVERY_LIMIT_MS): Promise<void> {
  const startedAt = performance.now();
  const { id } = await insist(() => mill.enqueue(kind, null, { priority: 10 }));
  await mill.wait(id, { timeoutMs: 60_000 });
  const tookMs = performance.now() - startedAt;
  process.stdout.write(`at work again after ${tookMs.toFixed(0)} ms\n`);
  expect(tookMs).toBeLessThan(limitMs);
}

/** Resolves when all that is there has been completed. */
export async function drained(mill: Millrace): Promise<void> {
  const isDrained = async (): Promise<boolean> => {
    const { queued, running, scheduled } = await insist(() => mill.counts());
    return queued + running + scheduled === 0;
  };
  await until("everything has ended", isDrained, 60_000);
  const { completed, failed } = await mill.counts();
  expect(failed).toBe(0);
  expect(completed).toBeGreaterThan(0);
}

export function isCompleted(job: Job | null): boolean {
  return job?.state === "completed";
}
