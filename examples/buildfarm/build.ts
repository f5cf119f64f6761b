import { fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openAsBlob } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { fail, isMillraceError, snooze, type HandlerContext, type HandlerResult, type Job } from "millrace";
import { PACKAGE, SIGNATURE, SOURCE, type Order } from "./orders.ts";
import type { RoomOrder, RoomWord } from "./room.ts";

const ROOM = fileURLToPath(new URL("./room.ts", import.meta.url));
const SOURCE_EVERY_MS = 500;

/** What a machine does for a build. Whatever it needs comes from the server under its lease, and goes back under it. */
export async function build({ payload }: Job<Order>, ctx: HandlerContext): Promise<HandlerResult> {
  const folder = await mkdtemp(join(process.cwd(), "build-"));
  try {
    // Not there yet: the build keeps its attempts, and its turn comes again.
    if (!(await fetchSource(ctx, folder))) return snooze(SOURCE_EVERY_MS);
    const { SIGNING_KEY: signingKey } = await ctx.secrets();
    if (signingKey === undefined) return fail("Assignment failed: the build has no SIGNING_KEY");
    const word = await useRoom(folder, { ...payload, signingKey }, ctx);
    // No machine could do it: not again, and the next build is not kept waiting.
    if (word.says === "unfit") return fail(`Assignment failed: ${word.reason}`);
    const { sha256 } = await ctx.artifacts.put(PACKAGE, await openAsBlob(join(folder, word.file)));
    await ctx.artifacts.put(SIGNATURE, word.signature, { contentType: "text/plain" });
    return { file: word.file, sha256 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchSource(ctx: HandlerContext, folder: string): Promise<boolean> {
  try {
    const { body } = await ctx.artifacts.get(SOURCE);
    await pipeline(Readable.fromWeb(body), createWriteStream(join(folder, SOURCE)));
    return true;
  } catch (error) {
    if (isMillraceError(error) && error.code === "artifact_not_found") return false;
    throw error;
  }
}

/** A new room for this build alone; it is gone when this settles, and at once when the attempt is to stop. */
async function useRoom(
  folder: string,
  order: RoomOrder,
  ctx: HandlerContext,
): Promise<Exclude<RoomWord, { says: "trying it out" }>> {
  // It inherits no settings of the machine: its keys are none of the build's business.
  const env = { PATH: process.env["PATH"] };
  const room = fork(ROOM, [], { cwd: folder, env, silent: true });
  const stop = (): boolean => room.kill("SIGKILL");
  ctx.signal.addEventListener("abort", stop);
  let word: RoomWord | undefined;
  room.on("message", (said: RoomWord) => {
    word = said;
    if (said.says === "trying it out") ctx.progress(50, said.says);
  });
  for (const stream of ["stdout", "stderr"] as const) {
    const pipe = room[stream];
    if (pipe !== null) createInterface(pipe).on("line", (line) => ctx.output(stream, line));
  }
  room.send(order);
  const [code, signal] = (await once(room, "close")) as [number | null, NodeJS.Signals | null];
  ctx.signal.removeEventListener("abort", stop);
  if (word !== undefined && word.says !== "trying it out") return word;
  ctx.checkCancelled();
  throw new Error(`the room ended with ${signal ?? `code ${code}`}`);
}
