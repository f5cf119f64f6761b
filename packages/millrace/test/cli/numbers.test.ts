import { describe, expect, it } from "vitest";
import { millrace } from "./spawn-millrace.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();

describe.concurrent("numbers adopt", () => {
  it("lets a scope go on after a number, in a store that may be new, and may be repeated", async () => {
    const cwd = await folders.create();
    const adopt = ["numbers", "adopt", "mail", "41"];
    expect((await millrace(adopt, { cwd })).stdout).toBe("The next number of mail is 42.\n");
    expect(JSON.parse((await millrace([...adopt, "--json"], { cwd })).stdout)).toEqual({
      scope: "mail",
      highest: 41,
      next: 42,
    });
    const added = await millrace(["enqueue", "mail.send", "{}", "--queue", "mail", "--json"], { cwd });
    expect(JSON.parse(added.stdout)).toMatchObject({ scope: "mail", number: 42 });
    const back = await millrace(adopt, { cwd });
    expect(back.exitCode).toBe(5);
    expect(back.stderr).toContain('the scope "mail" has given out numbers up to 42; it cannot go back to 41');
  });

  it.each([
    { args: ["mail", "many"], says: "the highest number must be a whole number" },
    { args: ["mail", "-1"], says: "-1" },
    { args: ["a#b", "1"], says: "the scope" },
    { args: ["mail"], says: "highest" },
  ])("refuses $args", async ({ args, says }) => {
    const run = await millrace(["numbers", "adopt", ...args], { cwd: await folders.create() });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(says);
  });
});
