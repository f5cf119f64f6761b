/** A cron rule that enqueues. */
export interface Schedule {
  readonly name: string;
  /** Five fields, or six with seconds first. */
  readonly cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly nextAt: Date | null;
  readonly lastAt: Date | null;
}
