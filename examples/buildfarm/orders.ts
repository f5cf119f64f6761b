/** What a build is asked for with. The source is an artifact of the job, the signing key a secret. */
export interface Order {
  /** The version of the package that is to be made. */
  readonly version: string;
  /** How long what was built is tried out, in milliseconds. */
  readonly tryMs: number;
}

export const BUILD = "build";
export const BUILDS = "builds";

/** Artifacts of a build: what it is made from, what it makes, and an Ed25519 signature of that. */
export const SOURCE = "source.tgz";
export const PACKAGE = "package.tgz";
export const SIGNATURE = "package.sig";
