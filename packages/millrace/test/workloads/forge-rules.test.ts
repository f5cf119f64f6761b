import Database from "better-sqlite3";
import { ConflictError } from "millrace";
import { expect, onTestFinished, test } from "vitest";
import type { Forge, NewItem } from "../../../../examples/forge/items.ts";
import { undone } from "../runtime/caller.ts";
import { Scene } from "../process/scene.ts";
import { onEachStore, SQLITE } from "../process/store-kinds.ts";
import { openForgeAt } from "./forge-acts.ts";
import { callerAt } from "./forge-import-acts.ts";

const item = (repository: string, more: Partial<NewItem> = {}): NewItem => ({
  repository,
  kind: "issue",
  title: "one",
  ...more,
});

async function openForge(url: string): Promise<Forge> {
  const forge = await openForgeAt(url);
  onTestFinished(() => forge.close());
  return forge;
}

onEachStore((kind) => {
  test("E1 issues and pull requests of a repository share one sequence, from 1; other repositories have theirs", async () => {
    const forge = await openForge(Scene.on(kind).url);
    const given = [item("a"), item("a", { kind: "pull" }), item("b", { kind: "pull" }), item("a")];
    const numbers: number[] = [];
    for (const each of given) numbers.push(await forge.create(each));
    expect(numbers).toEqual([1, 2, 1, 3]);
  });

  test("E2 a deleted row leaves a hole: its number is not given again", async () => {
    const { url } = Scene.on(kind);
    const forge = await openForge(url);
    await forge.create(item("a"));
    await forge.create(item("a"));
    const caller = await callerAt(url);
    onTestFinished(() => caller.end());
    await caller.transaction(() => caller.query("DELETE FROM items WHERE number = 2"));
    expect(await forge.create(item("a"))).toBe(3);
  });

  test("ED1 a new scope gives 1; one adopted with highest 3 gives 4, also when it is adopted twice", async () => {
    const forge = await openForge(Scene.on(kind).url);
    for (const number of [1, 2, 3]) await forge.add(item("old"), number);
    expect([await forge.adopt("old"), await forge.adopt("old")]).toEqual([3, 3]);
    expect([await forge.create(item("new")), await forge.create(item("old"))]).toEqual([1, 4]);
    expect(await forge.adopt("old")).toBe(4);
    expect(await forge.numbers("old")).toEqual([1, 2, 3, 4]);
  });

  test("ED2 after an insert that failed the next create gets the same number, and no job is left of it", async () => {
    const forge = await openForge(Scene.on(kind).url);
    await expect(forge.create(item("a", { kind: "pull", fails: true }))).rejects.toThrow("a#1 was not to be");
    expect(await forge.create(item("a"))).toBe(1);
    expect((await forge.mill.counts()).queued).toBe(0);
  });

  test("E4 what a transaction adopted is undone with it, and a counter is never lowered", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const caller = await callerAt(scene.url);
    onTestFinished(() => caller.end());
    const { tx } = caller;
    await undone(caller, async () => mill.adoptNumbers("a", 41, { tx }));
    expect(await mill.number("a")).toBe(1);
    await caller.transaction(async () => mill.adoptNumbers("a", 41, { tx }));
    await caller.transaction(async () => {
      await expect(async () => mill.adoptNumbers("a", 40, { tx })).rejects.toThrow(ConflictError);
      await expect(async () => mill.adoptNumbers("a", -1, { tx })).rejects.toThrow(/highest must be a whole number/);
      await expect(async () => mill.adoptNumbers("a", 1, { txn: tx } as object)).rejects.toThrow(/mean "tx"/);
    });
    expect(await mill.number("a")).toBe(42);
  });
});

test("5.2 on a file, a transaction that began without the lock and has read is refused, and told how to begin", async () => {
  const scene = Scene.on(SQLITE);
  const { url } = scene;
  const mill = await scene.open();
  const [caller, other] = [database(url), database(url)];
  caller.exec("CREATE TABLE own (n INTEGER)");
  const haveRead = (): void => {
    caller.exec("BEGIN");
    caller.prepare("SELECT * FROM own").all();
  };
  const call = (): number => mill.numberSync("a", { tx: caller });

  haveRead();
  other.exec("INSERT INTO own VALUES (1)");
  expect(call).toThrow(/another has written since; begin it with BEGIN IMMEDIATE/);
  caller.exec("ROLLBACK");

  haveRead();
  other.exec("BEGIN IMMEDIATE");
  expect(call).toThrow(/without the write lock.*begin it with BEGIN IMMEDIATE/);
  caller.exec("ROLLBACK");
  other.exec("ROLLBACK");
  expect(await mill.number("a")).toBe(1);
});

function database(url: string): Database.Database {
  const db = new Database(url.slice("sqlite:".length));
  onTestFinished(() => void db.close());
  return db;
}
