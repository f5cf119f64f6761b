import { context, propagation, SpanKind, SpanStatusCode, trace, type HrTime } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { openMillrace, type Millrace } from "millrace";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createHandler } from "../../src/http/index.ts";

const exporter = new InMemorySpanExporter();

function record(): void {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

beforeEach(record);
afterEach(() => {
  exporter.reset();
  trace.disable();
  context.disable();
  propagation.disable();
});

async function aMill(): Promise<Millrace> {
  const mill = await openMillrace("memory:");
  onTestFinished(() => mill.close());
  return mill;
}

/** The spans that have ended, as they are told apart here. */
function spans() {
  return exporter.getFinishedSpans().map((span) => ({
    name: span.name,
    kind: span.kind,
    status: span.status.code,
    traceId: span.spanContext().traceId,
    id: span.spanContext().spanId,
    parent: span.parentSpanContext?.spanId,
    links: span.links.map((link) => link.context.spanId),
    attributes: span.attributes,
    took: after(span.startTime, span.endTime),
  }));
}

function after([fromSeconds, fromNanos]: HrTime, [seconds, nanos]: HrTime): boolean {
  return seconds > fromSeconds || (seconds === fromSeconds && nanos >= fromNanos);
}

async function work(mill: Millrace, kind: string, handler: () => unknown): Promise<void> {
  const worker = mill.worker();
  worker.handle(kind, async () => handler() as never);
  await worker.start();
  await worker.drain();
  await worker.stop();
}

describe("with OpenTelemetry", () => {
  it("an attempt belongs to the trace in which its job was enqueued, and so does what its handler does", async () => {
    const mill = await aMill();
    const tracer = trace.getTracer("the application");
    const job = await tracer.startActiveSpan("checkout", async (span) => {
      const enqueued = await mill.enqueue("mail.send", { to: "x" }, { queue: "mail" });
      span.end();
      return enqueued;
    });
    await work(mill, "mail.send", () => tracer.startActiveSpan("smtp", (span) => span.end()));

    const [enqueue, checkout, smtp, process] = spans();
    expect([enqueue?.name, checkout?.name, smtp?.name, process?.name]).toEqual([
      "enqueue mail",
      "checkout",
      "smtp",
      "process mail",
    ]);
    expect(enqueue).toMatchObject({ kind: SpanKind.PRODUCER, parent: checkout?.id, took: true });
    expect(process).toMatchObject({
      kind: SpanKind.CONSUMER,
      traceId: checkout?.traceId,
      parent: enqueue?.id,
      links: [enqueue?.id],
      took: true,
      attributes: {
        "messaging.system": "millrace",
        "messaging.operation.type": "process",
        "messaging.destination.name": "mail",
        "messaging.message.id": job.id,
        "millrace.kind": "mail.send",
        "millrace.attempt": 1,
      },
    });
    expect(smtp).toMatchObject({ traceId: checkout?.traceId, parent: process?.id });
  });

  it("each of several attempts has a span, and a failed one says why", async () => {
    const mill = await aMill();
    await mill.enqueue("flaky", null, { maxAttempts: 2, backoff: { type: "fixed", delayMs: 1 } });
    let calls = 0;
    await work(mill, "flaky", () => {
      calls += 1;
      if (calls === 1) throw new TypeError("not yet");
    });
    const [, first, second] = spans();
    expect(first).toMatchObject({ status: SpanStatusCode.ERROR, attributes: { "millrace.attempt": 1 } });
    expect(second).toMatchObject({ status: SpanStatusCode.UNSET, attributes: { "millrace.attempt": 2 } });
    expect(exporter.getFinishedSpans()[1]?.events[0]?.attributes).toMatchObject({ "exception.message": "not yet" });
    expect(second?.traceId).toBe(first?.traceId);
  });

  it("many jobs of one call share a span, and an enqueue that is refused ends its span as failed", async () => {
    const mill = await aMill();
    await mill.enqueueMany([{ kind: "a" }, { kind: "b" }]);
    await expect(mill.enqueue("x", null, { priority: Number.NaN })).rejects.toThrow("priority");
    expect(spans()).toMatchObject([
      { name: "enqueue default", attributes: { "messaging.batch.message_count": 2, "millrace.kind": "a" } },
      { name: "enqueue default", status: SpanStatusCode.ERROR },
    ]);
  });

  it("the trace that a request brings to the server goes on in the attempt", async () => {
    const mill = await aMill();
    const apiKey = "a-key-of-an-owner-with-forty-characters!";
    const handler = createHandler({ mill, apiKey });
    onTestFinished(() => handler.close());
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const request = new Request("http://server/v1/jobs", {
      method: "POST",
      headers: {
        Authorization: `Bearer ${apiKey}`,
        "Content-Type": "application/json",
        Traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify({ kind: "k" }),
    });
    expect((await handler.fetch(request)).status).toBe(201);
    await work(mill, "k", () => undefined);
    expect(spans().at(-1)).toMatchObject({ name: "process default", traceId });
  });

  it("nothing is traced, and nothing more is read, where nobody records", async () => {
    trace.disable();
    const mill = await aMill();
    const job = await mill.enqueue("k");
    await work(mill, "k", () => undefined);
    expect((await mill.get(job.id))?.state).toBe("completed");
    expect(spans()).toEqual([]);
  });
});
