// Scripts as jobs: what lies in this folder is found, searched and run by a worker. A script is any executable with a
// header of comments; this file is none, since it does not begin with "#!".
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { loadScripts, scriptHandlers, searchScripts } from "millrace/scripts";

const { scripts } = await loadScripts([import.meta.dirname]);
console.log("Scripts:", scripts.map(({ name }) => name).join(", "));
console.log(
  "About media:",
  searchScripts(scripts, "MEDIA")
    .map(({ name }) => name)
    .join(", "),
);

const mill = await openMillrace("memory:");
const worker = mill.worker({ concurrency: 2, abortGraceMs: 15_000 });
const handlers = scriptHandlers(scripts);
for (const { kind, handler } of handlers) worker.handle(kind, handler);
await worker.start();

/** The definition brings the script's queue, limits and required inputs. */
async function run(name: string, payload: object) {
  const script = handlers.find(({ kind }) => kind === name);
  if (script === undefined) throw new Error(`there is no script ${name}`);
  const job = await mill.enqueue(script.definition, payload);
  return mill.wait(job.id);
}

const outDir = mkdtempSync(join(tmpdir(), "millrace-run-scripts-"));
const tone = await run("make-tone", { outDir, hertz: 440, seconds: 0.5 });
const { output: _, ...result } = tone.result as Record<string, unknown>;
console.log(`${tone.scope}#${tone.number} ${tone.state}:`, result);

const broken = await run("broken", { reason: "no such film" });
console.log(`${broken.scope}#${broken.number} ${broken.state}: ${broken.error?.message}`);

// A required input that is missing is refused before there is a job, so no number is spent on it.
await run("make-tone", { hertz: 440 }).catch((error: unknown) => console.log("Refused:", (error as Error).message));

await mill.close();
rmSync(outDir, { recursive: true });

// Output:
// Scripts: broken, checksum, compress, count-words, flaky, make-thumbnail, make-tone, slow
// About media: make-thumbnail, make-tone
// scripts#1 completed: { hertz: 440, seconds: 0.5, bytes: 22094 }
// scripts#2 failed: broken.sh ended with exit code 64; the last lines of its stderr:
// no such film
// Refused: the payload of "make-tone" is wrong: outDir: is required
