export interface AuditReport {
  readonly jobs: number;
  readonly violations: readonly Violation[];
}

/** A broken promise, found in the data. */
export interface Violation {
  /** As in docs/guarantees.md, such as `G4`. */
  readonly guarantee: string;
  readonly message: string;
  /** Jobs or scopes that show it, at most ten. */
  readonly rows: readonly string[];
}

export interface Diagnosis {
  readonly check: string;
  readonly level: "ok" | "warning" | "problem";
  readonly message: string;
}
