import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../runtime/until.ts";
import { startServer } from "./server.ts";
import { promote } from "../../src/verify/faults/server/standby.ts";
import { startStandby } from "./standby.ts";

test("a standby has what the primary acknowledged, takes no writes until it is promoted, and the primary waits for it", async () => {
  const primary = await startServer();
  onTestFinished(() => primary.remove());
  const client = await aClient(primary.url);
  await client.query("CREATE TABLE kept (n int)");
  await client.end();
  const standby = await startStandby(primary);
  onTestFinished(() => standby.remove());

  const writer = await aClient(primary.url);
  await writer.query("INSERT INTO kept VALUES (1)");
  const reader = await aClient(standby.url);
  await until("it is there", async () => (await reader.query("SELECT n FROM kept")).rows.length === 1);
  await expect(reader.query("INSERT INTO kept VALUES (2)")).rejects.toMatchObject({ code: "25006" });

  let isAnswered = false;
  await standby.stop();
  const writing = writer.query("INSERT INTO kept VALUES (3)").then(
    () => (isAnswered = true),
    () => undefined,
  );
  const watcher = await aClient(primary.url);
  const isWaiting = async (): Promise<boolean> =>
    (await watcher.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")).rows.length === 1;
  await until("the primary waits for the standby", isWaiting);
  expect(isAnswered).toBe(false);
  await standby.start();
  await writing;
  expect(isAnswered).toBe(true);

  await primary.kill();
  await promote(standby);
  const heir = await aClient(standby.url);
  await heir.query("INSERT INTO kept VALUES (4)");
  expect((await heir.query("SELECT n FROM kept ORDER BY n")).rows).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }]);
});

async function aClient(url: string): Promise<Client> {
  const client = new Client(url);
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}
