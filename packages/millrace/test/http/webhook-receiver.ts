import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** What was sent to a receiver. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: { readonly job: string; readonly type: string; readonly kind: string; readonly queue: string };
  };
}

/** A program that is told by webhooks. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves when so many have come, or more. */
  readonly has: (count: number) => Promise<readonly Received[]>;
}

/** @param answer the status for the n-th that comes, from 1; `null` never answers */
export async function aReceiver(answer: (nth: number) => number | null = () => 200): Promise<Receiver> {
  const received: Received[] = [];
  const watchers = new Set<() => void>();
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    received.push({
      path: request.url ?? "",
      headers: request.headers,
      body,
      event: JSON.parse(body) as Received["event"],
    });
    const status = answer(received.length);
    if (status !== null) {
      const headers = status >= 300 && status < 400 ? { Location: `http://127.0.0.1:${port}/elsewhere` } : {};
      response.writeHead(status, headers).end("thank you");
    }
    for (const look of watchers) look();
  };
  const server = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const has = async (count: number): Promise<readonly Received[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (received.length < count) return;
        watchers.delete(look);
        resolve(received);
      };
      watchers.add(look);
      look();
    });
  return { url: `http://127.0.0.1:${port}/hooks`, port, received, has };
}
