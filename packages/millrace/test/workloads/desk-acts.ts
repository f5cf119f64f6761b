import { setTimeout as sleep } from "node:timers/promises";
import { defineJob, isMillraceError, type ByHand, type HeldJob } from "millrace";
import type { Party } from "./party.ts";

export const HERE = import.meta.url;

export const READ = defineJob("docs.read", { manual: true, queue: "docs" });

/** Enqueue so many jobs, one after the other; answers their numbers. */
export async function produce({ mill }: Party, count: number): Promise<readonly (number | null)[]> {
  const numbers: (number | null)[] = [];
  for (let n = 0; n < count; n++) numbers.push((await mill.enqueue(READ, null)).number);
  return numbers;
}

/** Claim this job by hand; answers the token, and `null` when somebody else has it. */
export async function claimThis({ mill, index }: Party, id: string): Promise<number | null> {
  const hand = mill.byHand({ name: `anna ${index}` });
  try {
    return (await hand.claimJob(id)).token;
  } catch (error) {
    if (isMillraceError(error) && error.code === "state_conflict") return null;
    throw error;
  }
}

/** Claim the next of a queue by hand until none is left; answers their ids. */
export async function claimAll({ mill, index }: Party, queue: string): Promise<readonly string[]> {
  const hand = mill.byHand({ name: `anna ${index}` });
  const ids: string[] = [];
  for (let held: HeldJob | null; (held = await hand.claim(queue)) !== null;) ids.push(held.job.id);
  return ids;
}

/** Claim the next of the queue and complete it, so many times. */
export async function claimAndComplete({ mill, index }: Party, count: number): Promise<readonly string[]> {
  const hand = mill.byHand({ name: `anna ${index}` });
  const ids: string[] = [];
  while (ids.length < count) {
    const held = await hand.claim("docs");
    if (held === null) await sleep(1);
    else ids.push((await complete(hand, held)).id);
  }
  return ids;
}

/** Claim what waits, complete it, and let it be done once more; so many times. */
export async function claimCompleteRetry(party: Party, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const [id = ""] = await claimAndComplete(party, 1);
    await party.mill.retry(id);
  }
}

/** Complete each of these jobs at about the moment at which it fails; answers what the reporter was told. */
export async function completeAtTheEnd(
  { mill, index, chance }: Party,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly told: string }[]> {
  const hand = mill.byHand({ name: `anna ${index}` });
  const told: { readonly id: string; readonly told: string }[] = [];
  for (const id of ids) {
    const held = await hand.claimJob(id);
    await untilAbout(held.failAt, chance() * 16 - 8);
    told.push({ id, told: await complete(hand, held).then(() => "completed", codeOf) });
  }
  return told;
}

async function complete(hand: ByHand, { job, token }: HeldJob) {
  return hand.complete({ job: job.id, token }, { summary: "read it twice" });
}

/** Both clocks are of this machine; how near it comes is a matter of luck, and meant to be. */
async function untilAbout(at: Date, offMs: number): Promise<void> {
  await sleep(Math.max(0, at.getTime() - Date.now() + offMs));
}

function codeOf(error: unknown): string {
  if (isMillraceError(error)) return error.code;
  throw error;
}
