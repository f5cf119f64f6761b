/** A worker that ends in the middle of a script: prints the line with the script's process id, then exits. */
import { runScript } from "../../src/scripts/run-script.ts";
import { aJob } from "./job.ts";

const [path = ""] = process.argv.slice(2);
await runScript({ path }, aJob(), {
  signal: new AbortController().signal,
  token: 1,
  progress() {},
  log() {},
  output(_stream, text) {
    if (!text.startsWith("pids")) return;
    process.stdout.write(`${text}\n`);
    process.exit(0);
  },
});
