import { expect, it } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Fault, FaultName, Victim } from "../../src/verify/faults/fault.ts";
import { processFaults } from "../../src/verify/faults/process-faults.ts";
import { Scene } from "./scene.ts";
import { monotonicNow, type Told } from "./teller-messages.ts";
import { aCrew, type ActorVictim } from "./victims.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const LEASE_MS = 400;
const HOUR_MS = 3_600_000;
/** What a message may take on a busy machine. */
const SLACK_MS = 10_000;
/** What a thread tells has been so a moment ago. */
const THREAD_LAG_MS = 100;

function theFault(name: FaultName, victims: readonly Victim[], hasOwnClock = true): Fault {
  process.stdout.write(`${name} with MILLRACE_SEED=${SEED}\n`);
  const options = { names: [name], victims: () => victims, chance: chanceFrom(SEED), leaseMs: LEASE_MS };
  const [fault] = processFaults({ ...options, ground: { hasOwnClock } });
  if (fault === undefined) throw new Error(`${name} is no fault of processes`);
  return fault;
}

async function tellers(clocks: "one" | "each its own"): Promise<readonly ActorVictim<Told>[]> {
  const program = new URL("./teller-program.ts", import.meta.url);
  return aCrew<Told>(Scene.on(), { count: 3, program, input: {}, clocks });
}

/** What it tells of a time after this call. */
async function next({ actor }: ActorVictim<Told>): Promise<Told> {
  const now = monotonicNow() + THREAD_LAG_MS;
  return actor.hears(({ monotonic }) => monotonic > now);
}

it("kill ends processes without a word, and puts new ones in their places, again and again", async () => {
  const victims = await tellers("each its own");
  const fault = theFault("kill", victims);
  const replaced: string[] = [];
  for (let strike = 1; strike <= 4; strike++) {
    const before = new Map(victims.map((victim) => [victim, victim.actor]));
    const said = await fault.strike();
    const gone = victims.filter((victim) => before.get(victim) !== victim.actor);
    expect(said).toBe(gone.map(({ name }) => name).join(", "));
    for (const victim of gone) {
      expect(await before.get(victim)?.exited).toEqual({ code: null, signal: "SIGKILL" });
      expect((await next(victim)).pid).toBe(victim.pid);
    }
    replaced.push(...gone.map(({ name }) => name));
  }
  expect(replaced.length).toBeGreaterThanOrEqual(4);
});

it("pause stops processes for longer than a lease, and lets the same ones go on", async () => {
  const victims = await tellers("each its own");
  const pids = victims.map(({ pid }) => pid);
  const fault = theFault("pause", victims);
  for (let strike = 1; strike <= 3; strike++) {
    const from = victims.map(({ actor }) => actor.told.length - 1);
    const said = await fault.strike();
    const stopped = victims.filter(({ name }) => said.includes(name));
    expect(stopped.length).toBeGreaterThan(0);
    await Promise.all(victims.map(next));
    for (const [i, victim] of victims.entries()) {
      if (!stopped.includes(victim)) continue;
      const times = victim.actor.told.slice(from[i]).map(({ monotonic }) => monotonic);
      const longest = Math.max(...times.slice(1).map((at, n) => at - (times[n] ?? at)));
      expect(longest).toBeGreaterThan(LEASE_MS);
    }
  }
  expect(victims.map(({ pid }) => pid)).toEqual(pids);
});

it("clock sets the clocks of some processes, each differently, where the store has its own", async () => {
  const victims = await tellers("each its own");
  const fault = theFault("clock", victims);
  const shifts = new Set<number>();
  for (let strike = 1; strike <= 6; strike++) {
    const said = await fault.strike();
    for (const victim of victims) {
      const { wall, threadWall } = await next(victim);
      expect(Math.abs(threadWall - wall)).toBeLessThan(SLACK_MS);
      const shift = wall - Date.now();
      expect(Math.abs(shift)).toBeLessThan(HOUR_MS + SLACK_MS);
      if (said.includes(victim.name)) shifts.add(Math.round(shift / SLACK_MS));
    }
  }
  expect(shifts.size).toBeGreaterThan(3);
});

it("clock steps all processes together, and those that come after them, where the host's clock is the store's", async () => {
  const victims = await tellers("one");
  const [clock, kill] = [theFault("clock", victims, false), theFault("kill", victims)];
  const shifts = new Set<number>();
  for (let strike = 1; strike <= 3; strike++) {
    expect(await clock.strike()).toContain("the host");
    await kill.strike();
    const told = await Promise.all(victims.map(next));
    const walls = told.flatMap(({ wall, threadWall }) => [wall, threadWall]);
    expect(Math.max(...walls) - Math.min(...walls)).toBeLessThan(SLACK_MS);
    shifts.add(Math.round(((walls[0] ?? 0) - Date.now()) / SLACK_MS));
  }
  expect(shifts.size).toBe(3);
});

it("the same seed brings the same, another seed something else", async () => {
  const victims = await tellers("one");
  const strikesOf = async (seed: number): Promise<readonly string[]> => {
    const chance = chanceFrom(seed);
    const options = { names: ["clock"] as const, victims: () => victims, chance, leaseMs: LEASE_MS };
    const [fault] = processFaults({ ...options, ground: { hasOwnClock: true } });
    return [await fault?.strike(), await fault?.strike()].map(String);
  };
  expect(await strikesOf(7)).toEqual(await strikesOf(7));
  expect(await strikesOf(7)).not.toEqual(await strikesOf(8));
});
