/** What ended, or interrupted, the last attempt. */
export interface JobError {
  readonly name: string;
  readonly message: string;
  /** True when no further attempt may follow, whatever `maxAttempts` says. */
  readonly permanent: boolean;
  /** The attempt that failed; 1 is the first. */
  readonly attempt: number;
}
