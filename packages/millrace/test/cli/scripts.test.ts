import { describe, expect, it } from "vitest";
import { millrace, startMillrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

const SCRIPTS: Readonly<Record<string, string>> = {
  "scripts/media/thumb.sh": `#!/bin/sh
# name: make-thumbnail
# description: Makes a small
#   picture
# inputs: source (required), width (optional)
# tags: image, media
# queue: media
# timeout: 30
echo "making $MILLRACE_INPUT_SOURCE at $MILLRACE_INPUT_WIDTH"
echo "careful" >&2
echo '{"path": "out.png"}'
`,
  "scripts/broken.sh": "#!/bin/sh\n# description: Always fails\necho nothing works >&2\nexit 3\n",
  "scripts/slow.sh": "#!/bin/sh\necho started\nsleep 30\n",
};

async function withScripts(): Promise<string> {
  return folders.create(SCRIPTS);
}

describe.concurrent("scripts", () => {
  it("are listed from all folders below", async () => {
    const cwd = await withScripts();
    const run = await millrace(["scripts", "list"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stderr: "" });
    expect(run.stdout).toMatch(
      /^Scripts \(3 total\)\nNAME +QUEUE +TAGS +DESCRIPTION\nbroken +- +- +Always fails\nmake-thumbnail +media +image,media +Makes a small picture\nslow /,
    );
    const json = JSON.parse((await millrace(["scripts", "list", "--json"], { cwd })).stdout) as { name: string }[];
    expect(json.map(({ name }) => name)).toEqual(["broken", "make-thumbnail", "slow"]);
  });

  it("are found by name, description or tag, in upper or lower case", async () => {
    const cwd = await withScripts();
    for (const term of ["THUMB", "small picture", "media"]) {
      const { stdout } = await millrace(["scripts", "search", term], { cwd });
      expect(stdout).toContain(`Search results for '${term}' (1 matches)\n`);
      expect(stdout).toContain("make-thumbnail");
    }
  });

  it.each([
    [["scripts", "search", "nothing"]],
    [["scripts", "list", "--scripts", "missing"]],
    [["scripts", "list", "--scripts", "missing", "--scripts", "missing-too"]],
  ])("are none for %j", async (args) => {
    expect(await millrace(args, { cwd: await withScripts() })).toMatchObject({
      exitCode: 0,
      stdout: "No scripts found\n",
      stderr: "",
    });
  });

  it("are shown with their header", async () => {
    const cwd = await withScripts();
    const { stdout } = await millrace(["scripts", "show", "make-thumbnail"], { cwd });
    expect(stdout).toMatch(/^inputs +source \(required\), width \(optional\)$/m);
    expect(stdout).toMatch(/^timeout +30s$/m);
  });

  it("warn of what is wrong in a header, on standard error", async () => {
    const cwd = await folders.create({ "scripts/odd.sh": "#!/bin/sh\n# timeout: soon\n" });
    const run = await millrace(["scripts", "list", "--json"], { cwd });
    expect(run.stderr).toMatch(/^Warning: .*odd\.sh: line 2: timeout "soon" is ignored/);
    expect(JSON.parse(run.stdout)).toHaveLength(1);
  });
});

describe.concurrent("scripts run", () => {
  it("prints what the script prints, and keeps the job", async () => {
    const cwd = await withScripts();
    const run = await millrace(["scripts", "run", "make-thumbnail", "--", "source=a=b.png", "width:=200"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stdout: 'making a=b.png at 200\n{"path": "out.png"}\n' });
    expect(run.stderr).toMatch(/^careful$/m);
    expect(run.stderr).toMatch(/^job_\w+ scripts\.run#1 completed$/m);
    const { stdout } = await millrace(["jobs", "show", "scripts.run#1", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      payload: { source: "a=b.png", width: 200 },
      result: { path: "out.png" },
      maxAttempts: 1,
    });
    expect((await millrace(["jobs", "logs", "scripts.run#1"], { cwd })).stdout).toContain("making a=b.png at 200\n");
  });

  it("prints JSON lines, the job last", async () => {
    const run = await millrace(["scripts", "run", "make-thumbnail", "--json", "--", "source=a"], {
      cwd: await withScripts(),
    });
    const lines = run.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual({ stream: "stderr", text: "careful" });
    expect(lines.at(-1)).toMatchObject({ job: { state: "completed", result: { path: "out.png" } } });
    expect(run.stderr).toBe("");
  });

  it("ends with 1 when the script fails, after one try", async () => {
    const run = await millrace(["scripts", "run", "broken"], { cwd: await withScripts() });
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toContain("ScriptError: broken.sh ended with exit code 3");
  });

  it("takes its own job only, when two are run at once", async () => {
    const cwd = await withScripts();
    const run = async (name: string): Promise<string> =>
      (await millrace(["scripts", "run", "make-thumbnail", "--", `source=${name}`], { cwd })).stdout;
    const printed = await Promise.all([run("1"), run("2"), run("3")]);
    expect(printed.map((text) => text.split("\n")[0])).toEqual(["making 1 at ", "making 2 at ", "making 3 at "]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("cancels the job and ends the script on %s", async (signal) => {
    const cwd = await withScripts();
    const running = startMillrace(["scripts", "run", "slow"], { cwd });
    await running.printed("started");
    running.child.kill(signal);
    const { exitCode, ms } = await running.ended;
    expect(exitCode).toBe(1);
    expect(ms).toBeLessThan(25_000);
    const { stdout } = await millrace(["jobs", "show", "scripts.run#1", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ state: "cancelled", cancelReason: "interrupted" });
  });
});

describe("work --scripts", () => {
  it("runs scripts as handlers", async () => {
    const cwd = await withScripts();
    await millrace(["enqueue", "make-thumbnail", '{"source": "q.png"}', "--queue", "media"], { cwd });
    await millrace(["enqueue", "make-thumbnail", "{}", "--queue", "media"], { cwd });
    const run = await millrace(["work", "--scripts", "scripts", "--drain"], { cwd });
    expect(run).toMatchObject({ exitCode: 0, stdout: "Completed 1, 1 failed.\n" });
    expect(run.stderr).toMatch(
      /failed media#2 make-thumbnail, try 1 of 3: InputError: the payload of "make-thumbnail" is wrong: source/,
    );
  });
});
