import { SignJWT } from "jose";
import { PermanentError, type Job } from "millrace";
import { expect } from "vitest";
import { until, reasonOf } from "../runtime/until.ts";
import type { Answered } from "./courses-acts.ts";
import type { Round } from "./round.ts";

const STATES = ["scheduled", "queued", "running", "cancelled", "completed", "failed"] as const;
type State = (typeof STATES)[number];

/** Who asked for the jobs that are not the system's. */
const SUBMITTER = "submitter";
/** Where there is no server, whoever has the store may do everything: only the state counts. */
const ON_THE_STORE = ["program"] as const;
const OVER_HTTP = ["nobody", "impostor", "owner", "admin", SUBMITTER, "colleague", "viewer", "stranger"] as const;
/** Those who all ask for the end of the same job. */
export const CROWD = "crowd";
type Who = (typeof ON_THE_STORE)[number] | (typeof OVER_HTTP)[number] | typeof CROWD;

/** What each is answered before the state is looked at; who is not in it may cancel. */
const REFUSED: Partial<Readonly<Record<Who, number>>> = {
  nobody: 401,
  impostor: 401,
  stranger: 404,
  colleague: 403,
  viewer: 403,
};
/** For whom it makes a difference that nobody in particular asked for a job: such jobs are for admins alone. */
const ASK_FOR_THE_SYSTEMS: ReadonlySet<Who> = new Set<Who>(["admin", SUBMITTER]);

export interface Case {
  readonly who: Who;
  readonly state: State;
  readonly job: Job;
}

/** What came of it, in words that a failed test shows side by side. */
interface Outcome {
  readonly asked: string;
  readonly status: number;
  readonly state: string;
  readonly by: string | null;
  readonly hasStarted: boolean;
}

const askedOf = ({ who, state, job }: Case): string =>
  `${who} of a job of ${job.createdBy ?? "nobody"} that is ${state}`;

export function wantedOf(each: Case): Outcome {
  const { who, state, job } = each;
  const refused = REFUSED[who] ?? (who === SUBMITTER && job.createdBy === null ? 403 : undefined);
  const status = refused ?? (state === "completed" || state === "failed" ? 409 : 200);
  const wasCancelled = state === "cancelled";
  return {
    asked: askedOf(each),
    status,
    state: status === 200 ? "cancelled" : state,
    by: wasCancelled ? "the first" : status !== 200 ? null : who === "owner" ? "api-key" : who,
    hasStarted: wasAtWork(state),
  };
}

export async function seenOf({ mill }: Round, each: Case, { status, text }: Answered): Promise<Outcome> {
  const job = status === 200 ? await mill.wait(each.job.id) : await mill.get(each.job.id);
  if (status === 409) expect(text).toContain(`already ${each.state}`);
  // Who may not is told nothing of the state, nor of a job that is not theirs to see.
  else if (status !== 200) expect(text).not.toMatch(new RegExp(STATES.join("|")));
  const { state = "gone", cancelledBy = null, startedAt = null } = job ?? {};
  return { asked: askedOf(each), status, state, by: cancelledBy, hasStarted: startedAt !== null };
}

/** What a server is shown; `null` for nothing, `undefined` where there is none. */
export async function keyOf(who: Who, { apiKey, jwtSecret }: Round): Promise<string | null | undefined> {
  if (who === "program") return undefined;
  if (who === "nobody") return null;
  if (who === "impostor") return `${apiKey}-nearly`;
  if (who === "owner") return apiKey;
  const role = who === "admin" || who === "stranger" ? "admin" : who === "viewer" ? "viewer" : "member";
  const org = who === "stranger" ? "elsewhere" : "default";
  const jwt = new SignJWT({ org, role }).setProtectedHeader({ alg: "HS256" }).setSubject(who).setExpirationTime("1h");
  return jwt.sign(new TextEncoder().encode(jwtSecret));
}

/** A job in each state for each who asks, and for the crowd; a worker of the test's own holds those that run. */
export async function makeCases(round: Round): Promise<readonly Case[]> {
  const { mill } = round;
  const worker = mill.worker({ queues: ["at-work"], concurrency: 50 });
  worker.handle("running", async (_, ctx) => void (await reasonOf(ctx.signal)));
  worker.handle("completed", () => "done");
  worker.handle("failed", () => Promise.reject(new PermanentError("broken")));
  await worker.start();
  const people: readonly Who[] = [...(round.servers.length === 0 ? ON_THE_STORE : OVER_HTTP), CROWD];
  const plans = people.flatMap((who) =>
    STATES.flatMap((state) =>
      (ASK_FOR_THE_SYSTEMS.has(who) ? [SUBMITTER, undefined] : [SUBMITTER]).map((createdBy) => {
        return { who, state, createdBy };
      }),
    ),
  );
  const jobs = await mill.enqueueMany(
    plans.map(({ state, createdBy }) => {
      const queue = wasAtWork(state) ? "at-work" : "waiting";
      const delay = state === "scheduled" ? { delayMs: 600_000 } : {};
      return { kind: state, options: { queue, ...delay, ...(createdBy !== undefined && { createdBy }) } };
    }),
  );
  const cases = plans.map(({ who, state }, at) => ({ who, state, job: jobs[at] as Job }));
  const cancelled = cases.filter(({ state }) => state === "cancelled");
  await Promise.all(cancelled.map(({ job }) => mill.cancel(job.id, { by: "the first" })));
  await until("each job is in its state", async () => {
    const counts = await mill.counts();
    return STATES.every((state) => counts[state] === cases.filter((each) => each.state === state).length);
  });
  return cases;
}

function wasAtWork(state: State): boolean {
  return state === "running" || state === "completed" || state === "failed";
}
