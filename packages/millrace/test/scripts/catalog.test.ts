import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadScripts, searchScripts } from "../../src/scripts/catalog.ts";
import { temporaryFolder, writeScript } from "./attempt.ts";

async function namesIn(...folders: readonly string[]): Promise<string[]> {
  const { scripts } = await loadScripts(folders);
  return scripts.map(({ name }) => name);
}

describe("the scripts of a folder", () => {
  it("are its files with the extension of a script, and those with .ts or without one that begin with #!", async () => {
    const folder = temporaryFolder();
    for (const file of ["a.sh", "b.bash", "c.py", "d.rb", "e.pl", "f.js", "g.mjs", "i.SH"]) {
      writeScript(folder, file, "", 0o644);
    }
    writeScript(folder, "h.ts", "#!/usr/bin/env node\n");
    writeScript(folder, "j", "#!/bin/sh\n");
    for (const file of ["README", "notes.txt", "module.ts", "types.d.ts", "data.json", ".hidden.sh"])
      writeScript(folder, file, "echo\n");
    expect(await namesIn(folder)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
  });

  it("are found in the folders below, except hidden ones and node_modules", async () => {
    const folder = temporaryFolder();
    for (const below of ["media/video", ".git", "node_modules/pkg"]) {
      mkdirSync(join(folder, below), { recursive: true });
      writeScript(join(folder, below), `${basename(below)}.sh`, "");
    }
    const { scripts, warnings } = await loadScripts([folder]);
    expect(scripts.map(({ path }) => path)).toEqual([join(folder, "media/video/video.sh")]);
    expect(warnings).toEqual([]);
  });

  it("have what their header says, and the name of the file where it says none", async () => {
    const folder = temporaryFolder();
    writeScript(folder, "x.sh", "#!/bin/sh\n# name: make-thumbnail\n# tags: media\n# inputs: source (required)\n");
    writeScript(folder, "plain.sh", "echo\n");
    expect((await loadScripts([folder])).scripts).toMatchObject([
      {
        name: "make-thumbnail",
        tags: ["media"],
        inputs: [{ name: "source", required: true }],
        path: join(folder, "x.sh"),
      },
      { name: "plain", description: null, tags: [] },
    ]);
  });

  it("come from several folders, of which a missing one is skipped", async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    writeScript(one, "one.sh", "");
    writeScript(two, "two.sh", "");
    const { scripts, warnings } = await loadScripts([join(one, "missing"), two, one]);
    expect(scripts.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(warnings).toEqual([]);
  });

  it("count once, although links lead round in circles and folders are named twice", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeScript(join(folder, "sub"), "a.sh", "");
    symlinkSync(folder, join(folder, "sub", "round"));
    symlinkSync(join(folder, "sub"), join(folder, "again"));
    symlinkSync(join(folder, "sub", "a.sh"), join(folder, "link.sh"));
    const { scripts, warnings } = await loadScripts([folder, join(folder, "sub"), folder]);
    expect(scripts).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it("have one name each: the second file with it is passed over, with a warning that names both", async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    const first = writeScript(one, "z.sh", "# name: same\n");
    const second = writeScript(two, "a.sh", "# name: same\n");
    const { scripts, warnings } = await loadScripts([one, two]);
    expect(scripts.map(({ path }) => path)).toEqual([first]);
    expect(warnings).toEqual([`${second}: the name "same" belongs to ${first}; this one is passed over`]);
  });

  it("are found beside what cannot be read, which is a warning", async () => {
    const folder = temporaryFolder();
    const good = writeScript(folder, "good.sh", "");
    const file = writeScript(temporaryFolder(), "file.sh", "");
    symlinkSync(join(folder, "loop.sh"), join(folder, "loop.sh"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling.sh"));
    const { scripts, warnings } = await loadScripts([file, folder]);
    expect(scripts.map(({ path }) => path)).toEqual([good]);
    expect(warnings).toEqual([
      expect.stringMatching(/file\.sh: cannot be searched \(ENOTDIR/),
      expect.stringMatching(/loop\.sh: cannot be read \(ELOOP/),
    ]);
  });

  it("bring the warnings of their headers, with file and line", async () => {
    const folder = temporaryFolder();
    const path = writeScript(folder, "a.sh", "#!/bin/sh\n# timeout: soon\n");
    expect((await loadScripts([folder])).warnings).toEqual([
      expect.stringContaining(`${path}: line 2: timeout "soon"`),
    ]);
  });

  it("may be anything: binary files and huge lines do no harm", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "binary.py"), Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7) % 256)));
    writeFileSync(join(folder, "long.js"), `// inputs: ${"(".repeat(1_000_000)}`);
    expect(await namesIn(folder)).toEqual(["binary", "long"]);
  });
});

describe("a search", () => {
  it("finds a part of name, description or tag in upper or lower case", async () => {
    const folder = temporaryFolder();
    writeScript(folder, "a.sh", "# name: Thumbnail\n");
    writeScript(folder, "b.sh", "# description: makes THUMBs up\n");
    writeScript(folder, "c.sh", "# tags: media, thumbs\n");
    writeScript(folder, "d.sh", "# inputs: thumb\n");
    const { scripts } = await loadScripts([folder]);
    expect(searchScripts(scripts, " thumb ").map(({ name }) => name)).toEqual(["Thumbnail", "b", "c"]);
    expect(searchScripts(scripts, "nothing")).toEqual([]);
    expect(searchScripts(scripts, "")).toHaveLength(4);
  });
});
