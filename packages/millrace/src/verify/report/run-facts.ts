/** What a report says about a run that its history does not. */
export interface RunFacts {
  /** `null` for a history that somebody else wrote. */
  readonly seed: number | null;
  /** One line for a shell that does the same again. */
  readonly command: string;
  /** Where and with what it ran, in the order in which it is shown: store, versions, faults, workers, jobs, seconds … */
  readonly environment: readonly (readonly [name: string, value: string])[];
}
