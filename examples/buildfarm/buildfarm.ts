// A build farm: sources are submitted, machines of volunteers fetch them over HTTP, build, sign and send back what they
// made; they come and go as they like. Run it with `npm run example:buildfarm`.
import { parseArgs } from "node:util";
import { checkAll } from "./checks.ts";
import { openFarm } from "./open-farm.ts";
import { filesWithKey, outcomesOf } from "./outcome.ts";
import { tellStory } from "./story.ts";
import { buildsTable } from "./tables.ts";

const { values } = parseArgs({ options: { store: { type: "string" } } });
const farm = await openFarm(values.store);
try {
  console.log(`Millrace, a build farm: queue on ${farm.place}\n`);
  const story = await tellStory(farm);
  const outcomes = await outcomesOf(farm, story);
  console.log(buildsTable(outcomes));
  const facts = { story, outcomes, filesWithKey: filesWithKey(farm, story), audit: await farm.mill.verify() };
  process.exitCode = checkAll(facts) ? 0 : 1;
} finally {
  await farm.end();
}

// Output:
// Millrace, a build farm: queue on sqlite:…/farm.db
//
//   BUILD  VERSION  STATE      BEFORE…ATTEMPT  LOG LINES  PACKAGE
//   1      1.0.1    completed  lost…signed
//   2      1.0.2    completed  lost…signed
//   3      1.0.3    completed  …released…signed
//   4      1.0.4    cancelled  …-
// …
//   9      1.0.9    completed  …signed
//   10     1.0.10   completed  …snoozed…signed
//   11     1.0.4    completed  …signed
//
//   ✔ ten builds, 1 to 10: nine completed, one cancelled; its retry is number 11, from the same source
//   ✔ each package was sent by the machine that completed its build, and bears a good signature
//   ✔ a machine was killed, and one froze and was refused when it spoke up: others built what they had
//   ✔ a machine left, and one build came before its source: neither cost an attempt
//   ✔ a source that nobody can unpack is refused once, for good
//   ✔ logs were read as they came, to the end of a build that was cancelled, too
//   ✔ nobody opens another's build
//   ✔ the signing key lies nowhere on disk
//   ✔ verify: 12 jobs checked, no promise broken
