// A desk: one person's work in a project folder. Some jobs are scripts that a watcher runs, others are done by hand. Run it
// with `npm run example:desk`.
import { parseArgs } from "node:util";
import { checkAll } from "./checks.ts";
import { openDesk } from "./open-desk.ts";
import { drainQueue, enqueueScripts, findScripts } from "./scripts.ts";
import { jobsTable, scriptsTable } from "./tables.ts";
import { workByHand } from "./work-by-hand.ts";

const { values } = parseArgs({ options: { store: { type: "string" } } });
const desk = await openDesk(values.store);
try {
  console.log(`Millrace, a desk: the queue "docs" on ${desk.place}\n`);
  const index = await findScripts(desk);
  console.log(scriptsTable(index.scripts));

  await enqueueScripts(desk);
  const drained = await drainQueue(desk);
  const byHand = await workByHand(desk);

  const { jobs } = await desk.mill.list({ group: desk.group });
  const inOrder = jobs.toReversed();
  console.log(`\n${jobsTable(inOrder)}`);
  const isRight = checkAll({ index, jobs: inOrder, drained, byHand, audit: await desk.mill.verify() });
  process.exitCode = isRight ? 0 : 1;
} finally {
  await desk.end();
}

// Output:
// Millrace, a desk: the queue "docs" on sqlite:…/desk.db
//
//   SCRIPT       TAGS         WHAT IT DOES
//   check-links  links, docs  Looks in a Markdown file for links to files that are not there
//   count-words  text, docs   Counts the words of a text
//   make-index   docs         Lists the titles of the Markdown files of a folder
//   slow         demo         Takes its time, so that there is something to see meanwhile
//
//   JOB     KIND           STATE      RETRY OF  WHAT CAME OF IT
//   docs#1  count-words    completed            {"words":…}
//   docs#2  check-links    completed            {"links":…,"broken":0}
//   docs#3  make-index     completed            {"titles":…}
//   docs#4  slow           completed            {"slept":true}
//   docs#5  proof-read     completed            {"summary":"two commas, one link"}
//   docs#6  release-notes  failed               AttemptTimeoutError
//   docs#7  count-words    completed            {"words":…}
//   docs#8  release-notes  completed  docs#6    {"summary":"written over lunch"}
//
//   ✔ four scripts were found, and one of them by "links"
//   ✔ the watcher ran docs#1 to docs#4 in their order, and ended when nothing was left to run
//   ✔ a second watcher of the queue was refused, and told the PID of the first
//   ✔ docs#5 was claimed, and completed with a summary
//   ✔ docs#6 was warned of once after 1 s, and failed after 2 s
//   ✔ its late completion was refused, kept, and adopted by docs#8
//   ✔ docs#7 was run as soon as it was enqueued, by a watcher that went with SIGTERM and took its lock along
//   ✔ verify: … jobs checked, no promise broken
