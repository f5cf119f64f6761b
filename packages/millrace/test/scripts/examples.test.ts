import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PermanentError } from "../../src/core/errors.ts";
import { loadScripts, runScript, ScriptError } from "../../src/scripts/index.ts";
import { Attempt, temporaryFolder } from "./attempt.ts";
import { aJob } from "./job.ts";

const FOLDER = fileURLToPath(new URL("../../../../examples/scripts", import.meta.url));
/** A real file, of some size and with many words. */
const FILE = fileURLToPath(import.meta.url);

function isMissing(program: string): boolean {
  return spawnSync(program, ["--version"]).error !== undefined;
}

async function scriptNamed(name: string) {
  const { scripts } = await loadScripts([FOLDER]);
  const script = scripts.find((candidate) => candidate.name === name);
  if (script === undefined) throw new Error(`there is no example ${name}`);
  return script;
}

async function run(name: string, rest: Readonly<Record<string, unknown>> = {}, attempt = 1, ctx = new Attempt()) {
  const outDir = temporaryFolder();
  const payload = { outDir, file: FILE, ...rest };
  const result = await runScript(await scriptNamed(name), aJob(payload, { attempt }), ctx);
  return { outDir, ctx, result: result as Record<string, unknown> & { output: string } };
}

describe("the example scripts", () => {
  it("all have a header that says what they take and give, and no warnings", async () => {
    const { scripts, warnings } = await loadScripts([FOLDER]);
    expect(warnings).toEqual([]);
    expect(scripts.map(({ name }) => name)).toEqual([
      "broken",
      "checksum",
      "compress",
      "count-words",
      "flaky",
      "make-thumbnail",
      "make-tone",
      "slow",
    ]);
    const incomplete = scripts.filter(
      ({ description, timeoutMs, tags }) => !description || !timeoutMs || tags.length === 0,
    );
    expect(incomplete).toEqual([]);
    const withoutFirstLine = scripts.filter(({ path }) => !readFileSync(path, "utf8").startsWith("#!"));
    expect(withoutFirstLine).toEqual([]);
  });

  it.skipIf(isMissing("bash"))("checksum: says the SHA-256 of a file", async () => {
    const { result } = await run("checksum");
    const sha256 = createHash("sha256").update(readFileSync(FILE)).digest("hex");
    expect(result).toMatchObject({ sha256, bytes: readFileSync(FILE).length });
    expect(readFileSync(result.output, "utf8")).toBe(`${sha256}  ${FILE}\n`);
  });

  it.skipIf(isMissing("python3"))("count-words: counts lines and words", async () => {
    const { result } = await run("count-words", { top: 1 });
    const lines = readFileSync(FILE, "utf8").split("\n").length - 1;
    expect(result).toMatchObject({ lines, frequent: { expect: expect.any(Number) as number } });
    expect(readFileSync(result.output, "utf8")).toMatch(/^ +\d+ expect\n/);
  });

  it("compress: keeps the smaller of two files, from which the first comes back", async () => {
    const { result, outDir, ctx } = await run("compress");
    const kept = readFileSync(result.output);
    const original = result.output.endsWith(".br") ? brotliDecompressSync(kept) : gunzipSync(kept);
    expect(original).toEqual(readFileSync(FILE));
    expect(kept).toHaveLength(Math.min(Number(result["gzip"]), Number(result["brotli"])));
    expect(readdirSync(outDir)).toHaveLength(1);
    expect(ctx.progressed.at(-1)).toEqual([100, "br"]);
  });

  it("make-thumbnail: draws a picture", async () => {
    const png = readFileSync((await run("make-thumbnail")).result.output);
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    const dataAt = png.indexOf("IDAT");
    const data = png.subarray(dataAt + 4, dataAt + 4 + png.readUInt32BE(dataAt - 4));
    expect(inflateSync(data)).toHaveLength(128 * (1 + 128 * 3));
  });

  it("make-tone: makes a sound", async () => {
    const { result } = await run("make-tone", { hertz: 880, seconds: 0.5 });
    const wav = readFileSync(result.output);
    expect(wav.toString("latin1", 0, 4)).toBe("RIFF");
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
    expect(wav).toHaveLength(44 + 22_050);
  });

  it("slow: tells how far it is, and removes what is half done when it is stopped", async () => {
    const ctx = new Attempt();
    const outDir = temporaryFolder();
    const { path } = await scriptNamed("slow");
    const ended = runScript({ path }, aJob({ outDir, seconds: 600 }), ctx).catch((error: unknown) => error);
    while (ctx.progressed.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const [partial = ""] = readdirSync(outDir);
    expect(partial).toMatch(/\.part$/);
    ctx.stop(new Error("enough"));
    expect(await ended).toMatchObject({ message: "enough" });
    expect(existsSync(`${outDir}/${partial}`)).toBe(false);
    // Not necessarily the last: a shell may say on stderr that the `sleep` in its background was terminated.
    expect(ctx.lines).toContain("stdout: stopped; what was half done is removed");
  });

  it("slow: ends by itself, too", async () => {
    const { result, ctx } = await run("slow", { seconds: 1 });
    expect(result).toMatchObject({ steps: 4 });
    expect(ctx.progressed.map(([percent]) => percent)).toEqual([25, 50, 75, 100]);
    expect(readFileSync(result.output, "utf8")).toBe("step 1\nstep 2\nstep 3\nstep 4\n");
  });

  it("flaky: fails until its third attempt", async () => {
    await expect(run("flaky", {}, 1)).rejects.toThrow(ScriptError);
    await expect(run("flaky", {}, 2)).rejects.toThrow("connection refused (attempt 2 of at least 3)");
    expect((await run("flaky", {}, 3)).result).toMatchObject({ attempt: 3 });
  });

  it("broken: fails for good", async () => {
    await expect(run("broken", { reason: "no such film" })).rejects.toThrow(PermanentError);
    await expect(run("broken", { reason: "no such film" })).rejects.toThrow(/exit code 64.*\nno such film/);
  });

  it.each(["checksum", "count-words", "compress", "make-thumbnail"])(
    "%s: fails for good for a file that is not there",
    async (name) => {
      const { path } = await scriptNamed(name);
      if (isMissing("bash") || (name === "count-words" && isMissing("python3"))) return;
      const payload = { file: "/no/such/file", outDir: temporaryFolder() };
      await expect(runScript({ path }, aJob(payload), new Attempt())).rejects.toThrow(PermanentError);
    },
  );
});
