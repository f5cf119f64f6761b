import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../runtime/until.ts";
import { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";

/** A server that says everything back, in capitals, and a proxy in front of it. */
async function anEcho() {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      heard.push(bytes.toString());
      socket.write(bytes.toString().toUpperCase());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await TcpProxy.to({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  onTestFinished(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { proxy, heard, sockets };
}

/** A client of the proxy that keeps what it hears, and how its connection ended. */
class Caller {
  heard = "";
  end = "none";
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => (this.heard += bytes.toString()));
    this.socket.on("error", (error: NodeJS.ErrnoException) => (this.end = error.code ?? "unknown"));
    onTestFinished(() => void this.socket.destroy());
  }

  async says(text: string, answer = text.toUpperCase()): Promise<void> {
    this.socket.write(text);
    await until(`the answer to "${text}" has come`, () => this.heard.endsWith(answer));
  }
}

it("what is said goes through in both directions, and an end on one side is one on the other", async () => {
  const { proxy, sockets } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  caller.socket.end();
  await until("the server has heard of the end", () => sockets.size === 0);
  await until("the proxy has forgotten the connection", () => proxy.linkCount === 0);
});

it("a cut resets what is open, on both sides, and lets new connections through", async () => {
  const { proxy, sockets } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  expect(proxy.cut()).toBe(1);
  await until("the client was reset", () => caller.end === "ECONNRESET");
  await until("and the server", () => sockets.size === 0);
  await new Caller(proxy.port).says("two");
});

it("silence keeps connections open and carries nothing, in neither direction, until it is healed", async () => {
  const { proxy, heard, sockets } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  proxy.silence();
  const late = new Caller(proxy.port);
  caller.socket.write("two");
  late.socket.write("three");
  for (const socket of sockets) socket.write("unheard");
  // Long enough for bytes that go through to arrive; a way through a proxy takes less than a millisecond.
  await new Promise((resolve) => void setTimeout(resolve, 100));
  expect([caller.heard, late.heard, heard.join()]).toEqual(["ONE", "", "one"]);
  expect([caller.end, late.end]).toEqual(["none", "none"]);
  await proxy.heal();
  await until("what was said meanwhile arrives", () => caller.heard === "ONEunheardTWO" && late.heard === "THREE");
});

it("a connection that the network forgot stays dead when new ones go through, and its server is not told", async () => {
  const { proxy, heard, sockets } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  proxy.forget();
  await new Caller(proxy.port).says("two");
  caller.socket.write("three");
  await proxy.heal();
  await new Caller(proxy.port).says("four");
  expect(heard).toEqual(["one", "two", "four"]);
  caller.socket.destroy();
  await new Caller(proxy.port).says("five");
  expect(sockets.size).toBe(4);
});

it("while it is mute, the server hears and is not heard; healing resets what has missed an answer", async () => {
  const { proxy, heard } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  proxy.mute();
  caller.socket.write("two");
  await until("the server has heard it", () => heard.includes("two"));
  expect(caller.heard).toBe("ONE");
  await proxy.heal();
  await until("the client was reset", () => caller.end === "ECONNRESET");
  expect(caller.heard).toBe("ONE");
  await new Caller(proxy.port).says("three");
});

it("while it refuses, nobody listens on its port; healed, it is there again", async () => {
  const { proxy } = await anEcho();
  const caller = new Caller(proxy.port);
  await caller.says("one");
  await proxy.refuse();
  await until("what was open was reset", () => caller.end === "ECONNRESET");
  const refused = new Caller(proxy.port);
  await until("what is new is refused", () => refused.end === "ECONNREFUSED");
  await proxy.heal();
  await new Caller(proxy.port).says("two");
});
