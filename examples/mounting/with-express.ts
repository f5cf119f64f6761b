// The API below a path of an Express application. Parsers of bodies come after it.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import { MillraceClient } from "millrace/client";
import { nodeListener } from "millrace/http";
import { API_KEY, openQueue } from "./queue.ts";

const queue = await openQueue();
const app = express();
app.use("/queue", nodeListener(queue));
app.use(express.json());
app.get("/", (_request, response) => void response.send("The shop is open."));

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

console.log(await (await fetch(`http://127.0.0.1:${port}/`)).text());
const client = new MillraceClient({ url: `http://127.0.0.1:${port}/queue`, key: API_KEY });
const job = await client.enqueue("mail.send", { to: "you@example.org" });
console.log(`job ${job.number} is ${job.state}`);

server.close();
server.closeAllConnections();
await queue.end();

// Output:
// The shop is open.
// job 1 is queued
