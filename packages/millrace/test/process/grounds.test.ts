import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openMillrace } from "millrace";
import { describe, expect, it, onTestFinished } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import type { FaultName } from "../../src/verify/faults/fault.ts";
import type { Ground, GroundOptions } from "../../src/verify/faults/ground.ts";
import { layGround } from "../../src/verify/faults/lay-ground.ts";
import { adminQuery, missingPostgres, testUrl } from "../postgres/test-database.ts";
import { until } from "../runtime/until.ts";
import { Scene } from "./scene.ts";
import { aCrew } from "./victims.ts";
import type { FromWriter } from "./writer-messages.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1_000_000);
const WRITER = new URL("./writer-program.ts", import.meta.url);

function optionsFor(store: string, more: Partial<GroundOptions> = {}): GroundOptions {
  return { store, faults: [], chance: chanceFrom(SEED), victims: () => [], ...more };
}

/** It is gone after the test, if the test has not ended it. */
async function lay(store: string, more: Partial<GroundOptions> = {}): Promise<Ground> {
  const ground = await layGround(optionsFor(store, more));
  onTestFinished(async () => void (await ground.end(false)));
  return ground;
}

describe("a ground that cannot be laid says why", () => {
  const refusals: readonly (readonly [store: string, faults: readonly FaultName[], why: RegExp, bin?: string])[] = [
    ["memory:", [], /lies in the memory of one process, and a drive has many/],
    ["sqlite::memory:", [], /lies in the memory of one process/],
    ["./shop.db", [], /names no store to verify; expected "sqlite:/],
    ["sqlite:./shop.db?mode=ro", [], /names no store to verify/],
    [
      "sqlite:./shop.db",
      ["kill", "cut"],
      /"cut" is brought to a PostgreSQL.*possible here are kill, pause, clock, disk/,
    ],
    ["sqlite:./shop.db", [], /--postgres-bin starts a PostgreSQL/, "/usr/bin"],
    ["postgres://host/shop", ["failover"], /"failover" needs a PostgreSQL server of the drive's own; .*--postgres-bin/],
    ["postgres://host/shop", ["db-restart", "disk"], /"db-restart" needs.*"disk" needs/],
    ["postgres://one,two/shop", ["cut"], /"cut" leads all connections to one host, and the store's URL names 2/],
    ["postgres://host/shop?sslmode=verify-full", ["cut"], /proxy on 127.0.0.1.*sslmode=no-verify/],
    ["https://host:7337", ["kill", "backend-kill"], /"backend-kill" is brought to a store, and a server's store/],
    ["postgres:", ["db-restart"], /\/nowhere must hold the programs initdb and postgres/, "/nowhere"],
  ];

  const cases = refusals.map(([store, faults, why, postgresBin]) => ({ store, faults, why, postgresBin }));

  it.each(cases)("$store with $faults", async ({ store, faults, why, postgresBin }) => {
    const laying = layGround(optionsFor(store, { faults, postgresBin }));
    await expect(laying).rejects.toMatchObject({
      code: "options_invalid",
      message: expect.stringMatching(why) as string,
    });
  });

  it("by a StoreError where a folder or a server is not there", async () => {
    await expect(layGround(optionsFor("sqlite:/nowhere/shop.db"))).rejects.toMatchObject({ code: "store_unavailable" });
    const away = layGround(optionsFor("postgres://user:secret@127.0.0.1:1/shop"));
    await expect(away).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(away).rejects.not.toThrow(/secret/);
  });
});

it("a server is a ground as it is: nothing is made, and faults are of processes only", async () => {
  const ground = await lay("https://host:7337", { faults: ["kill", "clock"] });
  expect(ground).toMatchObject({ url: "https://host:7337", ownUrl: "https://host:7337", faults: [] });
  expect(await ground.end(true)).toBeNull();
});

describe("on SQLite", () => {
  it("a new file beside the user's, which is never opened, takes everything, and goes afterwards", async () => {
    const { folder } = Scene.on();
    const theirs = join(folder, "shop.db");
    writeFileSync(theirs, "theirs");
    const ground = await lay(`sqlite:${theirs}`);
    const mill = await openMillrace(ground.url);
    onTestFinished(() => mill.close());
    await mill.enqueue("work");
    // Who has it open has a log and its index beside it, as has one who was killed.
    expect(readdirSync(folder).filter((name) => /^shop-verify-[0-9a-f]{8}\.db(-wal|-shm)?$/.test(name))).toHaveLength(
      3,
    );
    expect(ground.hasOwnClock).toBe(false);
    expect(await ground.end(false)).toBeNull();
    expect(readdirSync(folder)).toEqual(["shop.db"]);
    expect(readFileSync(theirs, "utf8")).toBe("theirs");
  });

  it("the file of a drive that failed is kept", async () => {
    const { folder } = Scene.on();
    const ground = await lay(`sqlite:${join(folder, "shop.db")}`);
    await (await openMillrace(ground.url)).close();
    const kept = await ground.end(true);
    expect(kept).toBe(ground.url);
    expect(existsSync(ground.url.slice("sqlite:".length))).toBe(true);
  });

  it.skipIf(process.platform !== "linux")(
    "disk refuses writes with store_unavailable for a moment, and then takes them again; what was acknowledged is there",
    async () => {
      process.stdout.write(`disk with MILLRACE_SEED=${SEED}\n`);
      const scene = Scene.on();
      const victims: Awaited<ReturnType<typeof aCrew<FromWriter>>>[number][] = [];
      const ground = await lay(scene.url, { faults: ["disk"], victims: () => victims });
      await (await openMillrace(ground.url)).close();
      victims.push(
        ...(await aCrew<FromWriter>(scene, { count: 2, program: WRITER, input: { url: ground.url }, clocks: "one" })),
      );
      const told = (): readonly FromWriter[] => victims.flatMap(({ actor }) => actor.told);
      const refusals = (): readonly Extract<FromWriter, { type: "refused" }>[] =>
        told().filter((message) => message.type === "refused");
      for (let strike = 1; strike <= 3 || (refusals().length === 0 && strike <= 10); strike++) {
        await ground.faults[0]?.strike();
        const counts = victims.map(({ actor }) => actor.told.length);
        await until("all of them are served again", () =>
          victims.every(({ actor }, i) => actor.told.slice(counts[i]).some(({ type }) => type === "acknowledged")),
        );
      }
      expect(refusals().length).toBeGreaterThan(0);
      for (const { code, message } of refusals()) {
        expect(code).toBe("store_unavailable");
        expect(message).toMatch(/the disk (is full|refused to read or write)/);
      }
      for (const victim of victims) victim.signal("SIGTERM");
      for (const { actor } of victims) expect(await actor.exited).toEqual({ code: 0, signal: null });

      const mill = await openMillrace(ground.ownUrl);
      const acknowledged = told().flatMap((message) => (message.type === "acknowledged" ? [message.id] : []));
      const found = await Promise.all(acknowledged.map((id) => mill.get(id)));
      expect(found.filter((job) => job === null)).toEqual([]);
      expect((await mill.verify()).violations).toEqual([]);
      await mill.close();
    },
  );
});

describe.skipIf(missingPostgres() !== undefined)("on somebody's PostgreSQL", () => {
  const namesOf = async (): Promise<readonly string[]> => {
    const rows = await adminQuery("SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'millrace_verify_%'");
    return (rows as readonly { readonly name: string }[]).map(({ name }) => name);
  };
  const schemaOf = ({ ownUrl }: Ground): string => new URL(ownUrl).searchParams.get("schema") ?? "";

  it("a schema of its own takes everything, and is dropped afterwards, or kept when the drive failed", async () => {
    const [passed, failed] = [await lay(testUrl()), await lay(testUrl())];
    for (const { url, ownUrl } of [passed, failed]) {
      const [mill, own] = [await openMillrace(url), await openMillrace(ownUrl)];
      const { id } = await mill.enqueue("work");
      expect(await own.get(id)).toMatchObject({ id });
      await mill.close();
      await own.close();
    }
    expect(await namesOf()).toEqual(expect.arrayContaining([schemaOf(passed), schemaOf(failed)]));
    expect(await passed.end(false)).toBeNull();
    expect(await failed.end(true)).toBe(`the schema ${schemaOf(failed)}`);
    const left = await namesOf();
    expect(left).not.toContain(schemaOf(passed));
    expect(left).toContain(schemaOf(failed));
    await adminQuery(`DROP SCHEMA ${schemaOf(failed)} CASCADE`);
  });

  it("backend-kill ends connections of the crew, and of nobody else", async () => {
    process.stdout.write(`backend-kill with MILLRACE_SEED=${SEED}\n`);
    const ground = await lay(testUrl(), { faults: ["backend-kill"] });
    const [mill, stranger] = [await openMillrace(ground.url), await openMillrace(ground.ownUrl)];
    const pidsOf = async (name: string): Promise<readonly number[]> => {
      const rows = await adminQuery("SELECT pid FROM pg_stat_activity WHERE application_name = $1", [name]);
      return (rows as readonly { readonly pid: number }[]).map(({ pid }) => pid);
    };
    for (let strike = 1; strike <= 3; strike++) {
      await mill.enqueue("work");
      await stranger.counts();
      const [before, strangers] = [await pidsOf(schemaOf(ground)), await pidsOf("millrace")];
      expect(before.length).toBeGreaterThan(0);
      expect(await ground.faults[0]?.strike()).toMatch(/^[1-9]\d* of \d+ connections$/);
      const isFewer = async (): Promise<boolean> => {
        const after = await pidsOf(schemaOf(ground));
        return before.some((pid) => !after.includes(pid));
      };
      await until("some are gone", isFewer);
      expect(await pidsOf("millrace")).toEqual(expect.arrayContaining([...strangers]));
    }
    await mill.close();
    await stranger.close();
    expect(await ground.end(false)).toBeNull();
  });
});
