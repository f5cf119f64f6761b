import { isMillraceError, MillraceClient } from "millrace/client";
import type { School } from "./open-school.ts";
import type { Name } from "./people.ts";

/** Who asks for the end of a job, and with which status that should be answered. */
export type Plan = readonly (readonly [who: Name | "nobody", expected: number])[];

/** Somebody asked for the end of a job. */
export interface Asked {
  readonly who: Name | "nobody";
  /** Whose job it is, and what it was doing. */
  readonly whose: string;
  readonly was: string;
  readonly expected: number;
  readonly answer: number;
  /** Where the job was when all was over. */
  readonly is: string;
  readonly cancelledBy: string | null;
}

/** One after the other asks for the end of a job. */
export async function askInTurn(
  { mill, url, as }: School,
  { id, whose }: { readonly id: string; readonly whose: string },
  plan: Plan,
): Promise<readonly Asked[]> {
  const north = mill.forOrg("north");
  const nobody = new MillraceClient({ url, key: "not-a-key" });
  const asked: Asked[] = [];
  for (const [who, expected] of plan) {
    const was = (await north.get(id))?.state ?? "gone";
    const client = who === "nobody" ? nobody : as(who);
    const answer = await statusOf(client.cancel(id, { reason: "not needed" }));
    // A job that runs is told, and has ended when its handler has: 200 is a promise.
    const job = answer === 200 ? await north.wait(id) : await north.get(id);
    asked.push({ who, whose, was, expected, answer, is: job?.state ?? "gone", cancelledBy: job?.cancelledBy ?? null });
  }
  return asked;
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    if (isMillraceError(error)) return Number(error.details["status"]);
    throw error;
  }
}
