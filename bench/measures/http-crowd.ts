import { request, type IncomingMessage } from "node:http";
import { readFile } from "node:fs/promises";
import { nextSignal } from "../signals.ts";
import { countOf, type Figures, type Task } from "../task.ts";
import { addressFile, SERVER_KEY } from "./http-server.ts";

/** Workers that wait for jobs of a queue in which there are none, and followers of all events; until told to stop. */
export async function measure(task: Task): Promise<Figures> {
  const url = await readFile(addressFile(task), "utf8");
  let messages = 0;
  const followers = Array.from({ length: countOf(task, "followers") }, async () => {
    const stream = await open(`${url}/v1/events`, "GET");
    stream.on("data", (chunk: Buffer) => (messages += chunk.toString().split("\ndata: ").length - 1));
    await new Promise((resolve) => stream.once("data", resolve));
  });
  const workers = Array.from({ length: countOf(task, "polls") }, async () => {
    const { worker, key } = await answerOf<{ worker: string; key: string }>(
      await open(`${url}/v1/workers`, "POST", { queues: ["elsewhere"] }),
    );
    void poll(`${url}/v1/workers/${worker}/claim`, key);
  });
  await Promise.all([...followers, ...workers]);
  const stop = nextSignal();
  process.send?.({ isReady: true });
  await stop;
  return { messages };
}

async function poll(url: string, firstKey: string): Promise<void> {
  for (let key = firstKey; ;) {
    const answer = await answerOf<{ key?: string }>(await open(url, "POST", { waitMs: 30_000 }, key));
    key = answer.key ?? key;
  }
}

/** A connection of its own for each, as from as many machines. */
function open(url: string, method: string, body?: unknown, key = SERVER_KEY): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", accept: "*/*" };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, resolve);
    asked.once("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function answerOf<T>(message: IncomingMessage): Promise<T> {
  let text = "";
  for await (const chunk of message) text += String(chunk);
  if ((message.statusCode ?? 500) >= 300) throw new Error(text);
  return JSON.parse(text) as T;
}
