import type { Queue, QueueOverrides } from "../../core/queue.ts";
import type { MillraceClient, WireQueue } from "../../http/api/client.ts";
import { dateOf } from "./wire-job.ts";

interface QueueChange {
  readonly isPaused?: boolean;
  readonly settings?: QueueOverrides;
}

/** As `Store.configureQueue`. */
export async function configureQueue(
  client: MillraceClient,
  name: string,
  { isPaused, settings }: QueueChange,
): Promise<Queue> {
  if (settings === undefined && isPaused !== undefined) return queueOf(await steer(client, name, isPaused));
  const configured = await client.configureQueue(name, settings ?? {});
  return queueOf(isPaused === undefined ? configured : await steer(client, name, isPaused));
}

export async function readQueues(client: MillraceClient): Promise<readonly Queue[]> {
  return (await client.queues()).map(queueOf);
}

function steer(client: MillraceClient, name: string, isPaused: boolean): Promise<WireQueue> {
  return isPaused ? client.pauseQueue(name) : client.resumeQueue(name);
}

function queueOf({ oldestReadyAt, ...rest }: WireQueue): Queue {
  return { ...rest, oldestReadyAt: dateOf(oldestReadyAt) } as Queue;
}
