// Transcoding on a fleet: a server, workers that differ in what they can do, three lines of jobs, one worker that is
// killed and one job that is cancelled. Run it with `npm run example:transcode`.
import { parseArgs } from "node:util";
import { openMillrace, type Job, type JobId } from "millrace";
import { checkAll } from "./checks.ts";
import { Fleet, type FleetWorker } from "./fleet.ts";
import { makeMedia } from "./media.ts";
import { openServer } from "./open-server.ts";
import { CANCELLED, KILLED, MISSING_LABEL, planJobs, SCOPE } from "./plan.ts";
import { processesOf } from "./processes.ts";
import { allEnded, configureLines, interfere } from "./story.ts";
import { jobsTable } from "./tables.ts";

const WORKERS: readonly FleetWorker[] = [
  { name: "cpu-1", labels: ["cpu", "threads=4"] },
  { name: "cpu-2", labels: ["cpu", "threads=4"] },
  { name: "gpu-1", labels: ["gpu=nvenc", "threads=16"] },
];
/** Far more than it takes, on the slowest machine. */
const LIMIT_MS = 50_000;

const { values } = parseArgs({ options: { store: { type: "string" } } });
const server = await openServer(values.store);
const { url, folder, keys, served } = server;
const mill = await openMillrace(url, { key: keys.owner });
const fleet = new Fleet(WORKERS, { server: url, key: keys.worker });
try {
  console.log(`Millrace, transcoding: a server at ${url}, its queue on ${server.place}`);
  const media = makeMedia(folder);
  console.log(`  ${media.told}`);
  await configureLines(mill);
  const names = await fleet.registered(mill);
  console.log(`  Workers: ${WORKERS.map(({ name, labels }) => `${name} (${labels.join(", ")})`).join(" · ")}\n`);

  const events = mill.events({ signal: AbortSignal.timeout(LIMIT_MS) });
  const added = await mill.enqueueMany(planJobs(media, folder));
  const idOf = (number: number): JobId => (added[number - 1] as Job).id;
  const isMissing = ({ requires }: Job): boolean => requires.includes(MISSING_LABEL);
  await interfere({ mill, fleet, names, events, killed: idOf(KILLED), cancelled: idOf(CANCELLED) });
  await allEnded(mill, added.filter((job) => !isMissing(job)).map(({ id }) => id), LIMIT_MS); // prettier-ignore

  const jobs = (await mill.list({ scope: SCOPE })).jobs.toReversed();
  console.log(`\n${jobsTable(jobs, names)}`);
  const explanation = await mill.explain((jobs.find(isMissing) as Job).id);
  console.log(`\n  #${explanation.job.number}: ${explanation.sentences.join(" ")}`);

  await fleet.stop();
  const [lost, processes] = [await mill.attempts(idOf(KILLED)), await processesOf(mill, jobs)];
  const isRight = checkAll({ jobs, lost, explanation, folder, processes, audit: await served.verify() });
  process.exitCode = isRight ? 0 : 1;
} finally {
  await fleet.stop();
  await mill.close();
  await server.end();
}

// Output:
// Millrace, transcoding: a server at http://127.0.0.1:…, its queue on sqlite:…/queue.db
//   ffmpeg is …
//   Workers: cpu-1 (cpu, threads=4) · cpu-2 (cpu, threads=4) · gpu-1 (gpu=nvenc, threads=16)
//
//   #1… is at … s of …0 s on …
//   #1… is at … s of …0 s on …
//
//   JOB  LINE     NEEDS       PRIORITY  STATE      ATTEMPT  WORKER  SECONDS  TOLD
//    #1  batch…completed        1…output-1.…
//    #2  batch                      10  completed        1…output-2.…
//    #3  batch…completed        1…output-3.…
//    #4  batch    threads>=8            completed        1  gpu-1…output-4.…
//    #5  default…completed        1…output-5.…
//    #6  default  gpu=nvenc             completed        1  gpu-1…output-6.…
//    #7  default  gpu=qsv               queued           0
//    #8  default                    10  completed        1…output-8.…
//    #9  default…completed        1…output-9.…
//   #10  default…completed        1…output-10.…
//   #11  live     cpu                   completed        2  cpu-…output-11.…
//   #12  live                           cancelled        1…the show is over
//
//   #7: No live worker of the queue "default" has the label "gpu=qsv". …
//
//   ✔ 12 jobs in 3 lines have the numbers 1 to 12, without a gap
//   ✔ 10 completed, 1 cancelled, 1 queued
//   ✔ what came last and was most urgent ran first
//   ✔ the job of the worker that was killed (#11) completed on attempt 2, at another worker
//   ✔ the one that was cancelled (#12) was stopped, and says why
//   ✔ the one that nobody can run waits, holds up nobody, and says which label is missing
//   ✔ every output is there, whole, and no partial one
//   ✔ no process is left, that of the killed worker's script included
//   ✔ verify: 12 jobs checked, no promise broken
