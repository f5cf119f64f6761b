import { readFileSync } from "node:fs";
import { openMillrace, type Millrace } from "millrace";
import { Client } from "pg";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { aServer, missingServer, openClient } from "./road.ts";

const GUIDE = new URL("../../../../docs/guides/postgres.md", import.meta.url);
/** As in the guide. */
const DATABASE = "shop";

/** The SQL of the guide that follows this mark. */
function sqlOfGuide(mark: string): string {
  const text = readFileSync(GUIDE, "utf8");
  const sql = new RegExp(`<!-- ${mark} -->\\s*\`\`\`sql\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (sql === undefined) throw new Error(`the guide has no SQL after the mark "${mark}"`);
  return sql;
}

describe.skipIf(missingServer() !== undefined)("roles, set up by the SQL of the guide", () => {
  const server = aServer();

  const urlAs = (role?: string): string => {
    const url = new URL(server().url);
    url.pathname = `/${DATABASE}`;
    if (role !== undefined) [url.username, url.password] = [role, "secret"];
    return url.href;
  };

  async function run(sql: string, url = urlAs()): Promise<void> {
    const client = new Client(url);
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  beforeAll(async () => {
    await run(`CREATE DATABASE ${DATABASE}`, server().url);
    await run(sqlOfGuide("roles"));
    const owner = await openMillrace(urlAs("millrace_owner"));
    await owner.close();
    await run(sqlOfGuide("after the first migration"), urlAs("millrace_owner"));
  });

  it.each([
    ["with migrate: false", { migrate: false }],
    ["as it opens by itself, when nothing is to be migrated", {}],
  ])("the application can do all there is to do with jobs, %s", async (how, options) => {
    const mill = await openClient(urlAs("millrace_app"), options);
    await doEverything(mill, how);
    const client = new Client(urlAs("millrace_app"));
    await client.connect();
    onTestFinished(() => client.end());
    await client.query("BEGIN");
    const { id } = await mill.enqueue("late", null, { tx: client, queue: `late ${how}` });
    await client.query("COMMIT");
    expect((await mill.get(id))?.number).toBe(1);
  });

  it("likewise where the rights are given after the fact", async () => {
    await run(`REVOKE ALL ON ALL TABLES IN SCHEMA millrace FROM millrace_app;
               REVOKE ALL ON ALL SEQUENCES IN SCHEMA millrace FROM millrace_app`);
    await expect(openMillrace(urlAs("millrace_app"))).rejects.toMatchObject({ code: "store_unavailable" });
    await run(sqlOfGuide("for a schema that is there"), urlAs("millrace_owner"));
    await doEverything(await openClient(urlAs("millrace_app")), "after the fact");
  });

  it.each([
    ["add a column", "ALTER TABLE millrace.job ADD COLUMN more int"],
    ["drop a table", "DROP TABLE millrace.event"],
    ["make a table of its own there", "CREATE TABLE millrace.mine (n int)"],
    ["empty a table in one go", "TRUNCATE millrace.ready"],
    ["switch a rule off", "ALTER TABLE millrace.done DISABLE TRIGGER ALL"],
    ["pretend that a step was taken", "UPDATE millrace.migration SET version = 99"],
  ])("the application cannot %s", async (_, sql) => {
    await expect(run(sql, urlAs("millrace_app"))).rejects.toMatchObject({ code: "42501" });
  });

  it("where a step is missing, the application does not take it, and says what to do", async () => {
    await run("ALTER TABLE millrace.migration RENAME TO kept; CREATE TABLE millrace.migration (LIKE millrace.kept)");
    onTestFinished(() => run("DROP TABLE millrace.migration; ALTER TABLE millrace.kept RENAME TO migration"));
    await run("GRANT SELECT ON millrace.migration TO millrace_app");
    const opening = openMillrace(urlAs("millrace_app"), { migrate: false });
    await expect(opening).rejects.toMatchObject({ code: "schema_too_old" });
    await expect(opening).rejects.toThrow("millrace migrate");
    await expect(openMillrace(urlAs("millrace_app"))).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

/** Each call at least once that writes somewhere else than the others. */
async function doEverything(mill: Millrace, queue: string): Promise<void> {
  const worker = mill.worker({ concurrency: 4, labels: ["gpu"] });
  worker.handle("work", (_, ctx) => {
    ctx.log("said");
    ctx.progress(10, "begun");
  });
  worker.handle("late", () => undefined);
  worker.handle("endless", async (_, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
  });
  await worker.start();
  const options = { queue, key: queue, tags: { a: "b" }, requires: ["gpu"], fairKey: "x" };
  const job = await mill.enqueue("work", null, options);
  expect(await mill.wait(job.id)).toMatchObject({ state: "completed" });
  const endless = await mill.enqueue("endless", null, { queue });
  await mill.cancel(endless.id);
  expect(await mill.wait(endless.id)).toMatchObject({ state: "cancelled" });
  await mill.enqueue("late", null, { queue, delayMs: 3_600_000 });
  await mill.queue(queue).configure({ retention: { completedMs: 0 } });
  await mill.schedule(queue, "* * * * *", "work");
  await mill.unschedule(queue);
  await mill.number(queue);
  await mill.adoptNumbers(queue, 1_000);
  expect((await mill.logs(job.id)).map(({ text }) => text)).toEqual(["said"]);
  expect((await mill.explain(endless.id)).sentences.length).toBeGreaterThan(0);
  expect((await mill.list({ tag: "a=b" })).jobs.length).toBeGreaterThan(0);
  expect((await mill.verify()).violations).toEqual([]);
  expect((await mill.diagnose()).filter(({ level }) => level === "problem")).toEqual([]);
  expect((await mill.workers()).length).toBe(1);
  await worker.stop();
  await mill.prune();
}
