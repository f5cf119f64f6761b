import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { styleText } from "node:util";
import type { WireJob } from "millrace/client";
import type { Asked } from "./cancels.ts";
import type { Course } from "./kinds.ts";
import type { School } from "./open-school.ts";
import type { Watched } from "./story.ts";

export interface Facts {
  readonly asked: readonly Asked[];
  /** A course that was watched from its beginning to its end. */
  readonly watched: Watched;
  /** A course with a document that is none. */
  readonly broken: WireJob;
  /** The ids that were answered to many orders under one key. */
  readonly keyed: readonly string[];
}

type Claim = readonly [claim: string, isSo: boolean, otherwise: unknown];

/** Says what is so and what is not. @returns whether all is as it should be */
export async function checkAll(school: School, { asked, watched, broken, keyed }: Facts): Promise<boolean> {
  const { mill, as } = school;
  const north = mill.forOrg("north");
  const { jobs: all } = await north.list({}, { limit: 1_000 });
  const stepsOf = ({ id }: { readonly id: string }) => all.filter(({ group }) => group === id);

  const wrong = asked.filter(({ answer, expected }) => answer !== expected);
  const goesOn = all.filter(({ group, finishedAt }) => group !== null && finishedAt === null);
  const course = watched.course.result as Course | null;
  const { body } = await as("vera").getArtifact(watched.course.id, course?.file ?? "course.md");
  const bytes = await buffer(body);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { percents } = watched;
  const between = percents.filter((percent) => percent > 0 && percent < 100);
  const retries = stepsOf(watched.course).filter(({ attempt }) => attempt > 1);
  const failures = stepsOf(broken).filter(({ state }) => state === "failed");
  const seen = await Promise.all(
    (["omar", "vera", "sam"] as const).map(async (name) => (await as(name).list({}, { limit: 1_000 })).jobs),
  );
  const [omar = [], vera = [], sam = []] = seen;
  const isOmars = omar.length > 0 && omar.every(({ createdBy }) => createdBy === "omar");
  const audit = await mill.verify();

  const claims: readonly Claim[] = [
    [`${asked.length} tries to cancel were answered as they should be`, wrong.length === 0, wrong],
    ["no step of a course that was cancelled or has failed goes on", goesOn.length === 0, goesOn],
    ["the course's file has the checksum that its job tells", sha256 === course?.sha256, sha256],
    ["its owner saw it get on, step by step", between.length >= 5 && isRising(percents), percents],
    ["a document that timed out twice was read the third time", attemptsOf(retries) === "3", retries],
    ["a document that is none was tried once, and ended its course", attemptsOf(failures) === "1", failures],
    [`${keyed.length} orders under one key made one course`, new Set(keyed).size === 1, new Set(keyed)],
    [
      "a member sees what is theirs, a viewer all of the school, another school nothing",
      isOmars && vera.length === all.length && sam.length === 0,
      seen.map(({ length }) => length),
    ],
    [`verify: ${audit.jobs} jobs checked, no promise broken`, audit.violations.length === 0, audit.violations],
  ];
  console.log();
  for (const [claim, isSo, otherwise] of claims) {
    const [mark, said] = isSo ? [styleText("green", "✔"), claim] : [styleText("red", "✘"), `NOT: ${claim}`];
    console.log(`  ${mark} ${said}`);
    if (!isSo) console.log(otherwise);
  }
  return claims.every(([, isSo]) => isSo);
}

function attemptsOf(jobs: readonly { readonly attempt: number }[]): string {
  return jobs.map(({ attempt }) => attempt).join(" ");
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, at) => value >= (values[at - 1] ?? 0));
}
