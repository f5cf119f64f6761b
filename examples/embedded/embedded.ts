import { openMillrace } from "millrace";

const mill = await openMillrace("sqlite:./millrace.db");
const worker = mill.worker();
worker.handle<{ name: string }>("greet", (job) => ({ text: `Hello, ${job.payload.name}!` }));
await worker.start();

const { id } = await mill.enqueue("greet", { name: "Ada" });
const job = await mill.wait(id);
console.log(`${job.queue}#${job.number} ${job.state}:`, job.result);
await mill.close();

// Output:
// default#1 completed: { text: 'Hello, Ada!' }
