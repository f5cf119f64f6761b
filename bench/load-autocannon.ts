import { loadPeer } from "./contestants/load-peer.ts";

interface LoadOptions {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly amount: number;
}

interface LoadResult {
  readonly "2xx": number;
  /** In seconds. */
  readonly duration: number;
  /** In milliseconds. */
  readonly latency: { readonly p50: number; readonly p97_5: number; readonly p99: number; readonly p99_9: number };
}

/** The load generator, which is installed beside the peers. */
export async function loadAutocannon(): Promise<(options: LoadOptions) => Promise<LoadResult>> {
  return (await loadPeer<{ readonly default: (options: LoadOptions) => Promise<LoadResult> }>("autocannon")).default;
}
