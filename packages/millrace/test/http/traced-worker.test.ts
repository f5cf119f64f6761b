import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { expect, it, onTestFinished } from "vitest";
import { listening } from "./listening.ts";

it("an attempt on the far side of the wire belongs to the trace in which its job was enqueued there", async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  onTestFinished(() => {
    trace.disable();
    context.disable();
  });
  const mill = await (await listening()).open();
  const tracer = trace.getTracer("the application");
  const enqueueIn = async (name: string): Promise<string> =>
    tracer.startActiveSpan(name, async (span) => {
      await mill.enqueue("k", name);
      span.end();
      return span.spanContext().traceId;
    });
  // Together: each keeps its own.
  const traces = await Promise.all([enqueueIn("one"), enqueueIn("two")]);
  const seen: Record<string, string | undefined> = {};
  const worker = mill.worker();
  worker.handle<string>("k", async ({ payload }) => {
    seen[payload] = trace.getActiveSpan()?.spanContext().traceId;
  });
  await worker.start();
  await worker.drain();
  await worker.stop();
  expect(seen).toEqual({ one: traces[0], two: traces[1] });
  expect(traces[0]).not.toBe(traces[1]);
});
