import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import type { FaultName } from "../../src/verify/faults/fault.ts";
import type { Ground } from "../../src/verify/faults/ground.ts";
import { layGround } from "../../src/verify/faults/lay-ground.ts";
import { onConnection } from "../../src/verify/faults/own-connection.ts";
import { refuseWithoutMounts } from "../../src/verify/faults/server/small-disk.ts";
import { installedFolder } from "../postgres/binaries.ts";
import { testUrl } from "../postgres/test-database.ts";
import { aBusyStore } from "./busy-store.ts";
import { drained, expectRecovery } from "./recovery.ts";
import { missingServer } from "./road.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);

/** A folder for what the ground makes; in memory, where it is quick: no test pulls the plug of the machine. */
function aFolder(): string {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "millrace-grounds-"));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv("TMPDIR", folder);
  return folder;
}

async function aGround(faults: readonly FaultName[]): Promise<Ground> {
  process.stdout.write(`${faults.join(", ")} with MILLRACE_SEED=${SEED}\n`);
  const place = { store: "postgres:", postgresBin: join(installedFolder(), "bin"), victims: () => [] };
  const ground = await layGround({ ...place, faults, chance: chanceFrom(SEED) });
  onTestFinished(async () => void (await ground.end(false)));
  return ground;
}

async function mayMount(): Promise<boolean> {
  return refuseWithoutMounts().then(
    () => true,
    () => false,
  );
}

/** The server that takes writes now. */
async function settingOf({ ownUrl }: Ground, name: string): Promise<string> {
  return onConnection(ownUrl, async (client) => {
    const { rows } = await client.query<{ value: string }>("SELECT current_setting($1) AS value", [name]);
    return rows[0]?.value ?? "";
  });
}

/** Processes whose command line has a word of this in it. */
function processesWith(text: string): readonly string[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(text));
}

describe.skipIf(missingServer() !== undefined)("a PostgreSQL of the drive's own", () => {
  it("restarts, fails over, is cut from its crew and ends their connections: nothing acknowledged is lost, and nothing is left behind", async () => {
    const folder = aFolder();
    const ground = await aGround(["db-restart", "failover", "cut", "backend-kill"]);
    expect(ground.faults.map(({ name }) => name).toSorted()).toEqual(["backend-kill", "cut", "db-restart", "failover"]);
    const { mill, other, producer, more } = await aBusyStore(ground.url);
    const ports: string[] = [];
    // A failover leaves what the next one needs.
    const again = ground.faults.filter(({ name }) => name === "failover");
    for (const fault of [...ground.faults, ...again]) {
      await more(20);
      process.stdout.write(`${fault.name}: ${await fault.strike()}\n`);
      ports.push(await settingOf(ground, "port"));
      await Promise.all([expectRecovery(mill, "work", 30_000), expectRecovery(other, "work", 30_000)]);
    }
    expect(await settingOf(ground, "synchronous_standby_names")).toBe("standby");
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
    expect(ports.at(-2)).not.toBe(ports.at(-3));
    expect(ports.at(-1)).toBe(ports.at(-3));

    await mill.close();
    await other.close();
    expect(await ground.end(false)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
  });

  it("whose disk runs full refuses with store_unavailable, or dies of it, and takes writes again afterwards", async ({
    skip,
  }) => {
    if (!(await mayMount())) skip("this user may not mount a file system");
    const folder = aFolder();
    const ground = await aGround(["disk"]);
    const { mill, producer, more } = await aBusyStore(ground.url);
    const isRefused = (): boolean => producer.refusals.some(({ error }) => /disk is full/.test(String(error)));
    for (let strike = 1; strike <= 2 || (!isRefused() && strike <= 10); strike++) {
      await more(200);
      process.stdout.write(`disk: ${await ground.faults[0]?.strike()}\n`);
      await expectRecovery(mill, "work");
    }
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
    expect(isRefused()).toBe(true);
    await mill.close();
    await ground.end(false);
    expect(readdirSync(folder)).toEqual([]);
    expect(execFileSync("mount", { encoding: "utf8" })).not.toContain(folder);
  });

  it("fails over on a URL of both hosts where connections are not cut", async () => {
    aFolder();
    const ground = await aGround(["failover"]);
    expect(ground.url).toMatch(/@127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\//);
    const before = await settingOf(ground, "port");
    const { mill, producer, more } = await aBusyStore(ground.url);
    await more(20);
    await ground.faults[0]?.strike();
    expect(await settingOf(ground, "port")).not.toBe(before);
    await expectRecovery(mill, "work", 30_000);
    await producer.stop();
    await drained(mill);
    await producer.expectTruth();
  });

  it("is kept, stopped, when the drive failed", async () => {
    const parent = aFolder();
    const ground = await aGround((await mayMount()) ? ["disk"] : ["db-restart"]);
    const folder = await settingOf(ground, "data_directory");
    expect(folder.startsWith(parent)).toBe(true);
    expect(await ground.end(true)).toBe(`the data folder ${folder}`);
    expect(existsSync(join(folder, "PG_VERSION"))).toBe(true);
    expect(processesWith(folder)).toEqual([]);
    expect(execFileSync("mount", { encoding: "utf8" })).not.toContain(folder);
  });
});

describe.skipIf(missingServer() !== undefined)("cut", () => {
  const ways = ["reset", "forget", "silence", "mute", "refuse"] as const;

  it.each(ways)("%s breaks what is open, and new connections go through afterwards", async (way) => {
    // As the chances come: which way, and for how long.
    const chances = [(ways.indexOf(way) + 0.5) / ways.length, 0];
    const ground = await layGround({
      store: testUrl(),
      faults: ["cut"],
      victims: () => [],
      chance: () => chances.shift() ?? 0,
    });
    onTestFinished(async () => void (await ground.end(false)));
    const url = new URL(ground.url);
    url.searchParams.delete("schema");
    const open = async (): Promise<Client> => {
      const client = new Client(url.href);
      client.on("error", () => undefined);
      await client.connect();
      onTestFinished(() => void client.end().catch(() => undefined));
      return client;
    };
    const client = await open();
    const striking = ground.faults[0]?.strike();
    const answer = client.query("SELECT 1").then(
      () => "answered",
      () => "broken",
    );
    const later = striking?.then(async () => (await (await open()).query("SELECT 1")).rowCount);
    expect(await later).toBe(1);
    const none = new Promise((resolve) => void setTimeout(() => resolve("no answer"), 300));
    const expected = { reset: "broken", forget: "no answer", silence: "answered", mute: "broken", refuse: "broken" };
    expect(await Promise.race([answer, none])).toBe(expected[way]);
  });
});
