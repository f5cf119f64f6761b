import type { Millrace } from "millrace";

/** An issue or a pull request before it has a number. */
export interface NewItem {
  readonly repository: string;
  readonly kind: "issue" | "pull";
  readonly title: string;
  /** Something goes wrong before the commit. @default false */
  readonly fails?: boolean;
}

/** The forge's own rows, next to a queue in the same database. */
export interface Forge {
  readonly mill: Millrace;
  /**
   * Write an item under the next number of its repository; a pull request comes with the job that checks it. All of it
   * in one transaction: when that fails, there is no row and no job, and the number goes to the next.
   */
  create(item: NewItem): Promise<number>;
  /** Write an item under a number that somebody else has chosen, as an older program did. */
  add(item: NewItem, number: number): Promise<void>;
  /** Let Millrace count on from the highest number of a repository, with nobody writing meanwhile. Answers that number. */
  adopt(repository: string): Promise<number>;
  /** The numbers of a repository, in order. */
  numbers(repository: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** What the numbers of a repository are counted under. */
export function scopeOf(repository: string): string {
  return `repo:${repository}`;
}

/** What a worker is told about a pull request. */
export interface PullCheck {
  readonly repository: string;
  readonly number: number;
}

export const PULL_CHECK = "pull.check";
