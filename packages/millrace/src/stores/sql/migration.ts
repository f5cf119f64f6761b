/** One numbered step of the schema. Steps go forward only and are never edited once released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Whether workers of the version before may go on while and after it runs. */
  readonly isCompatible: boolean;
  readonly sql: string;
}
