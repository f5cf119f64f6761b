import { randomBytes } from "node:crypto";
import { fail, openMillrace, OptionsError, PermanentError, type Secrets } from "millrace";
import { describe, expect, it } from "vitest";
import { onEveryStore, onSharedStores } from "./bench.ts";

const aKey = (): string => randomBytes(32).toString("base64");
const SECRETS = { API_TOKEN: "t0ken-that-nobody-must-see", PIN: "123456" };
const ECHO = `${SECRETS.API_TOKEN} ${Buffer.from(SECRETS.API_TOKEN).toString("base64")}`;

onEveryStore("secrets of the library", (bench) => {
  it("are told to the handler that asks for them, in each attempt, and gone when the job has ended", async () => {
    const secretKey = aKey();
    const mill = await bench().open({ secretKey });
    const { id } = await mill.enqueue("k", {}, { secrets: SECRETS, backoff: { type: "fixed", delayMs: 0 } });
    const told: Secrets[] = [];
    const worker = bench().worker(mill);
    worker.handle("k", async (_, ctx) => {
      told.push(await ctx.secrets(), await ctx.secrets());
      if (ctx.attempt === 1) throw new Error("once more");
    });
    await worker.start();
    expect((await mill.wait(id)).state).toBe("completed");
    expect(told).toEqual([SECRETS, SECRETS, SECRETS, SECRETS]);
    const again = await mill.retry(id);
    await mill.wait(again.id);
    expect(told.at(-1)).toEqual({});
    const given = await mill.retry(id, { secrets: { API_TOKEN: "another" } });
    await mill.wait(given.id);
    expect(told.at(-1)).toEqual({ API_TOKEN: "another" });
  });

  it("are taken out of whatever the handler says", async () => {
    const mill = await bench().open({ secretKey: aKey() });
    const worker = bench().worker(mill);
    worker.handle("k", async (job, ctx) => {
      const { API_TOKEN } = await ctx.secrets();
      ctx.log(ECHO);
      ctx.output("stderr", `a\n${API_TOKEN}`);
      ctx.progress(50, ECHO);
      switch (job.payload) {
        case "return":
          return { [ECHO]: [ECHO], pin: 123_456 };
        case "complete":
          await ctx.complete({ echo: ECHO });
          return undefined;
        case "throw":
          throw new PermanentError(`${"x".repeat(4_080)}${ECHO}`);
        default:
          return fail(ECHO);
      }
    });
    await worker.start();
    const end = async (how: string) => mill.wait((await mill.enqueue("k", how, { secrets: SECRETS })).id);
    const token = "[secret API_TOKEN] [secret API_TOKEN]";
    expect((await end("return")).result).toEqual({ [token]: [token], pin: "[secret PIN]" });
    expect((await end("complete")).result).toEqual({ echo: token });
    expect((await end("throw")).error?.message).toBe(`${"x".repeat(4_080)}[secret API_TOKE`);
    const last = await end("fail");
    expect(last.error?.message).toBe(token);
    expect(last.progress?.message).toBe(token);
    expect((await mill.logs(last.id)).map(({ text }) => text)).toEqual([token, "a", "[secret API_TOKEN]"]);
    expect(JSON.stringify(bench().said)).not.toContain(SECRETS.API_TOKEN);
  });
});

onSharedStores("secrets of the library", (bench) => {
  it("are written with the job in the caller's own transaction", async () => {
    const mill = await bench().open({ secretKey: aKey() });
    const caller = await bench().caller();
    const told: Secrets[] = [];
    const worker = bench().worker(mill);
    worker.handle("k", async (_, ctx) => void told.push(await ctx.secrets()));
    await worker.start();
    const { tx } = caller;
    const id = await caller.transaction(async () => (await mill.enqueue("k", {}, { secrets: SECRETS, tx })).id);
    await mill.wait(id);
    expect(told).toEqual([SECRETS]);
  });

  it("need the key: to enqueue, and to run", async () => {
    const without = await bench().open();
    const refused = without.enqueue("k", {}, { secrets: SECRETS });
    await expect(refused).rejects.toMatchObject({
      code: "request_invalid",
      message: expect.stringMatching(/secretKey/) as string,
    });
    const mill = await bench().open({ secretKey: aKey() });
    const { id } = await mill.enqueue("k", {}, { secrets: SECRETS, maxAttempts: 1 });
    const worker = bench().worker(without);
    worker.handle("k", async (_, ctx) => ctx.secrets());
    await worker.start();
    const { state, error } = await without.wait(id);
    expect([state, error?.name]).toEqual(["failed", "OptionsError"]);
    expect(error?.message).toMatch(/MILLRACE_SECRET_KEY/);
  });
});

describe("secrets", () => {
  it("are refused where they would be kept for jobs to come", async () => {
    const mill = await openMillrace("memory:", { secretKey: aKey() });
    const options = { secrets: SECRETS } as object;
    await expect(mill.schedule("nightly", "0 3 * * *", "k", {}, options)).rejects.toThrow(
      /a schedule cannot keep secrets/,
    );
    await mill.close();
  });

  it("take a key that is one", async () => {
    await expect(openMillrace("memory:", { secretKey: "hunter2" })).rejects.toThrow(OptionsError);
  });
});
