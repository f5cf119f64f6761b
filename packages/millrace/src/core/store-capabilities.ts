/** How stores differ. The runtime branches on these and never on a name. */
export interface StoreCapabilities {
  /** A transaction of the caller is written to synchronously: `within()` answers with values, not promises. */
  readonly isSynchronous: boolean;
  /** Other processes can work on the same data. */
  readonly isShared: boolean;
  /** Jobs enqueued in a transaction of the caller get their numbers when it commits; until then `number` is null. */
  readonly isNumberedAtCommit: boolean;
  /** A claim that waits is served whoever brings the tickets; nobody has to look for them meanwhile. */
  readonly isWaitForAll: boolean;
}
