// A school's courses: pipelines of many jobs, which people of two organisations order, watch and cancel, each as far as
// their role goes. Run it with `npm run example:courses`; with `-- --stay` its page stays open.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { checkAll } from "./checks.ts";
import { openSchool } from "./open-school.ts";
import { cancelEnded, cancelRunning, cancelWaiting, order, orderAtOnce, watch } from "./story.ts";
import { cancelsTable, coursesTable } from "./tables.ts";

const { values } = parseArgs({ options: { store: { type: "string" }, stay: { type: "boolean", default: false } } });
const school = await openSchool(values.store);
try {
  console.log(`Millrace, courses: the jobs lie on ${school.place}, the page is ${school.url}\n`);
  const waiting = await cancelWaiting(school);
  await school.work();

  const { id } = await order(school, "ines", { title: "How a mill works", thinkMs: 150 });
  const watched = await watch(school, "ines", id);
  const keyed = await orderAtOnce(school, "omar", 100);
  const { course: pressed } = await watch(school, "omar", keyed[0] ?? "");
  const { id: brokenId } = await order(school, "ines", { title: "Upside down", documents: ["water.md", "scan.md"] });
  const { course: broken } = await watch(school, "ines", brokenId);
  const asked = [...waiting, ...(await cancelRunning(school)), ...(await cancelEnded(school, watched.course))];

  const courses = await Promise.all(
    [watched.course, pressed, broken].map(async (course) => {
      return [course, (await school.as("vera").list({ group: course.id }, { limit: 1_000 })).jobs] as const;
    }),
  );
  console.log(`${cancelsTable(asked)}\n\n${coursesTable(courses)}`);
  process.exitCode = (await checkAll(school, { asked, watched, broken, keyed })) ? 0 : 1;

  if (values.stay) {
    console.log(`\n  ${school.url} is open until Ctrl-C`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  }
} finally {
  await school.end();
}

// Output:
// Millrace, courses: the jobs lie on sqlite:…/courses.db, the page is http://127.0.0.1:…
//
//   WHO CANCELS     A COURSE OF  WHICH WAS  ANSWER  AND THEN IS
//   without a key   ines         queued        401  queued
//   sam, elsewhere  ines         queued        404  queued
//   omar, member    ines         queued        403  queued
//   vera, viewer    ines         queued        403  queued
//   ines, member    ines         queued        200  cancelled by ines
//   ada, admin      ines         cancelled     200  cancelled by ines
//   omar, member    the system   queued        403  queued
//   ada, admin      the system   queued        200  cancelled by ada
//   sam, elsewhere  omar         running       404  running
//   ines, member    omar         running       403  running
//   ada, admin      omar         running       200  cancelled by ada
//   ines, member    ines         running       200  cancelled by ines
//   sam, elsewhere  ines         completed     404  completed
//   omar, member    ines         completed     403  completed
//   ines, member    ines         completed     409  completed
//   ada, admin      ines         completed     409  completed
//
//   COURSE            BY    STATE      STEPS  RETRIES  LESSONS  WORDS  SHA-256, OR WHY NOT
//   How a mill works  ines  completed     20        2       13    982  2ba360ac
//   Pressed twice     omar  completed     20        2       13    980  1ae4a15d
//   Upside down       ines  failed         2        0                  document.read failed: the document is invalid: it has no title
//
//   ✔ 16 tries to cancel were answered as they should be
//   ✔ no step of a course that was cancelled or has failed goes on
//   ✔ the course's file has the checksum that its job tells
//   ✔ its owner saw it get on, step by step
//   ✔ a document that timed out twice was read the third time
//   ✔ a document that is none was tried once, and ended its course
//   ✔ 100 orders under one key made one course
//   ✔ a member sees what is theirs, a viewer all of the school, another school nothing
//   ✔ verify: … jobs checked, no promise broken
