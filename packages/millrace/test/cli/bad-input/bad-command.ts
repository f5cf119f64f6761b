/** One wrong command line, and what its user is told. */
export interface BadCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly exitCode: number;
  /** Parts of standard error. */
  readonly says: readonly string[];
  readonly input?: string | Buffer;
  /** Written into the folder it runs in. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly env?: Readonly<Record<string, string>>;
  /** A store with a few jobs lies in the folder, as millrace.db. Without, the command must not have made one. */
  readonly hasStore?: true;
  /** Comes so far that a store is made, such as a handlers file that fails only when it is called. */
  readonly makesStore?: true;
}
