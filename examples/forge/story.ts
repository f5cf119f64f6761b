import { PULL_CHECK, scopeOf, type Forge, type NewItem, type PullCheck } from "./items.ts";

/** What became of a repository. */
export interface RepositoryReport {
  readonly repository: string;
  /** The rows that it had before Millrace counted it. */
  readonly had: number;
  readonly creates: number;
  readonly rolledBack: number;
  /** How many of the creates that were kept are pull requests. */
  readonly pulls: number;
  /** The numbers that creates answered. */
  readonly given: readonly number[];
  /** The numbers of its rows. */
  readonly numbers: readonly number[];
}

/** A repository whose issues were numbered elsewhere, and one create after its numbers were adopted. */
export async function adoptRepository(forge: Forge, repository: string, had: number): Promise<RepositoryReport> {
  for (let number = 1; number <= had; number++) {
    await forge.add({ repository, kind: "issue", title: `from before, ${number}` }, number);
  }
  await forge.adopt(repository);
  await forge.adopt(repository); // once more changes nothing
  const given = [await forge.create({ repository, kind: "issue", title: "the first of the new ones" })];
  return { repository, had, creates: 1, rolledBack: 0, pulls: 0, given, numbers: await forge.numbers(repository) };
}

/** Creates that all begin at once, of which some are rolled back when they have their number already. */
export async function createAtOnce(
  forge: Forge,
  repository: string,
  { creates, failsEvery }: { readonly creates: number; readonly failsEvery: number },
): Promise<RepositoryReport> {
  const items = Array.from({ length: creates }, (_, n): NewItem => {
    const kind = n % 2 === 0 ? "issue" : "pull";
    return { repository, kind, title: "one of many", fails: (n + 1) % failsEvery === 0 };
  });
  const ends = await Promise.allSettled(items.map((item) => forge.create(item)));
  const given = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  const pulls = items.filter(({ kind }, n) => kind === "pull" && ends[n]?.status === "fulfilled").length;
  const numbers = await forge.numbers(repository);
  return { repository, had: 0, creates, rolledBack: creates - given.length, pulls, given, numbers };
}

/** Run the jobs that came with pull requests until none is left; answers which pull requests were checked, in order. */
export async function runChecks({ mill }: Forge): Promise<readonly string[]> {
  const checked: string[] = [];
  const worker = mill.worker({ queues: ["checks"], concurrency: 8 });
  worker.handle<PullCheck>(PULL_CHECK, ({ payload: { repository, number } }) => {
    checked.push(`${scopeOf(repository)}#${number}`);
    return { status: "success" };
  });
  const { jobs } = await mill.list({ queue: "checks" }, { limit: 1_000 });
  await worker.start();
  await Promise.all(jobs.map(({ id }) => mill.wait(id)));
  await worker.stop();
  return checked;
}
