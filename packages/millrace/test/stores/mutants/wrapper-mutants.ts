import type { Job } from "../../../src/core/job.ts";
import type { EnqueueResult } from "../../../src/core/store.ts";
import type { Bug, Wrap } from "./mutant.ts";
import * as postgres from "./postgres-wrappers.ts";
import * as sqlite from "./sqlite-wrappers.ts";

const alwaysSettled: Wrap = (sound) => ({
  ...sound,
  settle: async (settlements) => (await sound.settle(settlements)).map(() => "settled" as const),
});

const sentAsNew: Wrap = (sound) => ({
  ...sound,
  enqueue: (requests, terms) =>
    sound.enqueue(
      requests.map(({ sentMsAgo: _again, ...request }) => request),
      terms,
    ),
});

const ownConnection: Wrap = (sound) => ({
  ...sound,
  within: (tx) => ({ ...sound.within(tx), enqueue: (requests) => sound.enqueue(requests) }),
});

/** Where the caller's transaction holds the only right to write, it can be done when that has ended. */
const ownConnectionLater: Wrap = (sound) => ({
  ...sound,
  within: (tx) => ({
    ...sound.within(tx),
    enqueue(requests) {
      // It hears of no failure either, being gone from the transaction by then.
      sound.enqueue(requests).catch(() => undefined);
      return requests.map((request): EnqueueResult => ({ status: "created", job: { id: request.id } as Job }));
    },
  }),
});

/** Bugs that lie between two statements, or in front of the store. */
export const wrapperMutants: readonly Bug[] = [
  {
    bug: "claim reads the queued row in one transaction and updates it, unguarded, in the next",
    guarantee: "G1",
    convictedBy: "claim: ten workers on connections of their own race for one job, and one wins",
    sqlite: { wrap: sqlite.claimUnguarded },
    postgres: { wrap: postgres.claimUnguarded },
  },
  {
    bug: "an enqueue that is sent again is taken for a new one, though its job may have run and been deleted",
    guarantee: "G1",
    convictedBy:
      "enqueue: what is sent again after its answer was lost is not written where it may have run and been deleted",
    sqlite: { wrap: sentAsNew },
    postgres: { wrap: sentAsNew },
  },
  {
    bug: "claim deletes the ticket in one transaction and inserts it in the next; a crash between loses it",
    guarantee: "G3",
    convictedBy: "faults: a claim that fails at any moment leaves the jobs where they were",
    sqlite: { wrap: sqlite.claimInTwoTransactions },
    postgres: { wrap: postgres.claimInTwoTransactions },
  },
  {
    bug: "any error while assigning drops the ticket",
    guarantee: "G3",
    convictedBy: "faults: a claim that fails at any moment leaves the jobs where they were",
    sqlite: { wrap: sqlite.dropOnError },
    postgres: { wrap: postgres.dropOnError },
  },
  {
    bug: "the counter is raised in a transaction of its own, before the jobs are written",
    guarantee: "G4",
    convictedBy: "numbers: an enqueue that fails burns no number",
    sqlite: { wrap: sqlite.numberBefore },
    postgres: { wrap: postgres.numberBefore, edits: postgres.JOBS_MAY_CHANGE },
  },
  {
    bug: "a late outcome is written by id, without a guard, over the one that is there",
    guarantee: "G6",
    convictedBy: "settle: a finished job never changes, whoever tries and however",
    sqlite: { wrap: sqlite.overwriteLate },
    postgres: { wrap: postgres.overwriteLate, edits: postgres.DONE_MAY_CHANGE },
  },
  {
    bug: "the sweep that fails old jobs overwrites those that completed",
    guarantee: "G6",
    convictedBy: "settle: a finished job never changes, whoever tries and however",
    sqlite: { wrap: sqlite.failOldJobs },
    postgres: { wrap: postgres.failOldJobs, edits: postgres.DONE_MAY_CHANGE },
  },
  {
    bug: "settle answers settled, whatever came of it",
    guarantee: "G2",
    convictedBy: "lease: the same worker that claims its rescued job again is fenced from its first attempt",
    sqlite: { wrap: alwaysSettled },
    postgres: { wrap: alwaysSettled },
  },
  {
    bug: "an enqueue inside a caller's transaction goes through a connection of its own",
    guarantee: "G11",
    convictedBy: "transaction: an enqueue in a caller's transaction is undone with it, its number too",
    sqlite: { wrap: ownConnectionLater },
    postgres: { wrap: ownConnection },
  },
];
