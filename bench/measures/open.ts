import { join } from "node:path";
import { median } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";

/** How long a program waits for Millrace: to load it, to make a store, to open one that is there. */
export async function measure(task: Task): Promise<Figures> {
  const importedMs = await tookMs(() => import("millrace"));
  const { openMillrace } = await import("millrace");
  const newMs: number[] = [];
  const againMs: number[] = [];
  // The first call loads the driver.
  const firstMs = await tookMs(async () => (await openMillrace(targetOf(task, "first"))).close());
  for (let i = 0; i < countOf(task, "times"); i++) {
    const target = targetOf(task, `store_${i}`);
    newMs.push(await tookMs(async () => (await openMillrace(target)).close()));
    againMs.push(await tookMs(async () => (await openMillrace(target)).close()));
  }
  return { importedMs, firstMs, newMs: median(newMs), againMs: median(againMs) };
}

/** A file, or a schema. */
function targetOf({ folder, postgres }: Task, name: string): string {
  if (postgres === null) return `sqlite:${join(folder, `${name}.db`)}`;
  const url = new URL(postgres.url);
  url.searchParams.set("schema", name);
  return url.href;
}

async function tookMs(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}
