import * as postgres from "../../stores/mutants/postgres-wrappers.ts";
import * as sqlite from "../../stores/mutants/sqlite-wrappers.ts";
import type { ClassicBug } from "./classic-bug.ts";
import { playDeafCrew } from "./deaf-crew.ts";
import { endsByIdAlone, startsLate } from "./history-breakages.ts";
import { huntInRealTime } from "./hunt-in-real-time.ts";
import { POLICY_BUGS, START_BUGS } from "./server-bugs.ts";
import { madeBug, storeBug } from "./store-hunts.ts";
import { diesWithItsConnection, saysWhatTheDriverSaid, waitsForEver } from "./unbounded-breakages.ts";

/** What takes its time elsewhere, within the short times of a simulated crew. */
const SOON_MS = 80;

const JOBS: readonly ClassicBug[] = [
  storeBug("claim reads the queued row in one transaction and updates it, unguarded, in the next", {
    wasShipped: true,
  }),
  storeBug("a claim starts what it has read, whoever has taken it meanwhile", { wasShipped: true }),
  storeBug("claim leaves the ticket where it was, so the next one takes it too", { shows: ["G1", "G2"] }),
  storeBug("settle is guarded by the state alone and ignores the token", { shows: ["G1", "G2", "G6"] }),
  storeBug("heartbeats, reports and enqueues under a lease ignore the token"),
  storeBug("the fence is the count of attempts, which snooze and release give back", { shows: ["G1", "G2"] }),
  storeBug("a ticket handed back to ready forgets its token", { shows: ["G1", "G2"] }),
  storeBug("settle answers settled, whatever came of it", { shows: ["G2", "G7"] }),
  storeBug("any error while assigning drops the ticket", { wasShipped: true, provocation: "passing errors" }),
  storeBug("claim deletes the ticket in one transaction and inserts it in the next; a crash between loses it", {
    provocation: "passing errors",
  }),
  storeBug("the ticket of a failed attempt is dropped"),
];

const NUMBERS: readonly ClassicBug[] = [
  storeBug("the next number is MAX + 1 of the jobs there are", { wasShipped: true }),
  storeBug("the counter is read, and written later, without being held", { wasShipped: true }),
  storeBug("the counter is raised in a transaction of its own, before the jobs are written", {
    wasShipped: true,
    provocation: "passing errors",
  }),
];

const TIMES: readonly ClassicBug[] = [
  storeBug("starts are taken from whatever clock claims, before the creation if need be", {
    provocation: "clocks that differ",
  }),
  storeBug("ends are taken from the caller, who may be behind", { provocation: "clocks that differ" }),
  madeBug('"it has started" is written when the job has completed', "G5", startsLate, { wasShipped: true }),
];

const ENDS: readonly ClassicBug[] = [
  madeBug("a late end is written by id, without a guard, over the one that is there", "G6", endsByIdAlone, {
    shows: ["G3", "G6", "G7"],
  }),
  madeBug("the sweep that fails old jobs overwrites those that completed", "G6", {
    sqlite: { wrap: sqlite.failJobsOlderThan(SOON_MS) },
    postgres: { wrap: postgres.failJobsOlderThan(SOON_MS), edits: postgres.DONE_MAY_CHANGE },
  }),
  storeBug("cancel is cooperative only: a handler that does not listen runs on", { play: playDeafCrew }),
  storeBug("a completion overwrites a cancel that was accepted", { wasShipped: true, play: playDeafCrew }),
];

const RECOVERY: readonly ClassicBug[] = [
  storeBug("rescue goes by the age of the attempt and never asks the expiry", {
    shows: ["G1", "G2", "G9"],
    sooner: ["30000", String(SOON_MS)],
  }),
  storeBug("a heartbeat says held and prolongs nothing", { shows: ["G1", "G2", "G9"] }),
];

/** Here real time passes: a lock is held for longer than anybody may wait, connections end. */
const BOUNDS: readonly ClassicBug[] = [
  {
    bug: "a call tries for as long as somebody holds a lock, without a bound",
    guarantee: "G10",
    wasShipped: true,
    hunts: [
      huntInRealTime("sqlite", "a lock is held", waitsForEver),
      huntInRealTime("postgres", "a lock is held", waitsForEver),
    ],
  },
  {
    bug: "a store dies with the one connection that it made",
    guarantee: "G10",
    hunts: [huntInRealTime("postgres", "its connections end", diesWithItsConnection)],
  },
  {
    bug: "what goes wrong is told by whatever the driver threw",
    guarantee: "G10",
    hunts: [
      huntInRealTime("sqlite", "a lock is held", saysWhatTheDriverSaid),
      huntInRealTime("postgres", "a lock is held", saysWhatTheDriverSaid),
    ],
  },
];

const CALLERS: readonly ClassicBug[] = [
  storeBug("an enqueue inside a caller's transaction goes through a connection of its own"),
];

const ORDER: readonly ClassicBug[] = [
  storeBug("a claim takes tickets in no order of their coming"),
  storeBug("a claim does not look at priorities"),
];

/** All that are hunted, in the order of the guarantees they break. The only list of them. */
export const CLASSIC_BUGS: readonly ClassicBug[] = [
  ...JOBS,
  ...NUMBERS,
  ...TIMES,
  ...ENDS,
  ...POLICY_BUGS,
  ...RECOVERY,
  ...BOUNDS,
  ...CALLERS,
  ...ORDER,
  ...START_BUGS,
];
