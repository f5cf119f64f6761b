import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../runtime/until.ts";
import { startServer, type PostgresServer } from "./server.ts";
import { adminQuery, newSchema, testUrl } from "./test-database.ts";

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe("a server of a test's own", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startServer({ settings: { work_mem: "9MB" } });
    await ask(server.url, "CREATE TABLE kept AS SELECT 1 AS one");
  });
  afterAll(async () => server.remove());

  test("sorts by bytes, writes through to the disk, and takes settings", async () => {
    expect(await ask(server.url, "SHOW server_encoding")).toBe("UTF8");
    expect(await ask(server.url, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{a,B,b,A}'::text[]) AS x")).toBe(
      "ABab",
    );
    expect(await ask(server.url, "SHOW fsync")).toBe("on");
    expect(await ask(server.url, "SHOW work_mem")).toBe("9MB");
  });

  test("lets nobody in without the password", async () => {
    await expect(ask(server.url.replace(/:[0-9a-f]+@/, ":guess@"), "SELECT 1")).rejects.toMatchObject({
      code: "28P01",
    });
  });

  test.for(["fast", "immediate", "kill"] as const)("comes back after %s, on its port, with its data", async (how) => {
    const broken: string[] = [];
    const client = new Client(server.url);
    client.on("error", (error) => broken.push(error.message));
    await client.connect();
    const asking = client.query("SELECT pg_sleep(600)").catch((error: unknown) => error);
    await (how === "kill" ? server.kill() : server.stop(how));
    expect(server.pid).toBeUndefined();
    expect(await asking).toBeInstanceOf(Error);
    await expect(ask(server.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await server.start();
    expect(await ask(server.url, "SELECT one FROM kept")).toBe(1);
    expect(server.log).toContain(how === "fast" ? "received fast shutdown request" : "automatic recovery in progress");
  });

  test("says what is wrong when it does not start", async () => {
    await expect(startServer({ settings: { work_mem: "a lot" } })).rejects.toThrow(/invalid value.*work_mem/);
  });
});

describe("a server whose program was killed", () => {
  test("ends, and leaves nothing behind", async () => {
    const module = fileURLToPath(new URL("server.ts", import.meta.url));
    const program = `
      import { startServer } from ${JSON.stringify(module)};
      const server = await startServer();
      console.log(JSON.stringify({ url: server.url, dataFolder: server.dataFolder }));
    `;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await new Promise<string>((resolve) => child.stdout.once("data", (text) => resolve(String(text))));
    const { url, dataFolder } = JSON.parse(said) as { readonly url: string; readonly dataFolder: string };
    expect(await ask(url, "SHOW data_directory")).toBe(dataFolder);
    child.kill("SIGKILL");
    await until("its folder is gone", () => !existsSync(dataFolder));
    await expect(ask(url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("the schema of a test", () => {
  const countOf = async (name: string): Promise<unknown> =>
    adminQuery("SELECT count(*)::int AS count FROM pg_namespace WHERE nspname = $1", [name]);

  test("has a name and an address of its own", () => {
    const [one, other] = [newSchema(), newSchema()];
    expect(one.name).not.toBe(other.name);
    expect(new URL(one.url).searchParams.get("schema")).toBe(one.name);
    expect(new URL(one.url).port).toBe(new URL(testUrl()).port);
  });

  test("is dropped after a test that passed, and kept after one that failed", async () => {
    const schema = newSchema();
    await adminQuery(`CREATE SCHEMA ${schema.name} CREATE TABLE job (id int)`);
    await schema.end(true);
    expect(await countOf(schema.name)).toEqual([{ count: 1 }]);
    await schema.end(false);
    expect(await countOf(schema.name)).toEqual([{ count: 0 }]);
  });
});
