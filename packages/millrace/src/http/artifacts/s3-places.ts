import { createRequire } from "node:module";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { OptionsError } from "../../core/errors.ts";
import { refuseOptions, show } from "../../core/options.ts";
import { checkPlace, type ByteRange, type Places } from "./places.ts";

const PACKAGES = ["@aws-sdk/client-s3", "@aws-sdk/lib-storage"] as const;
const PARAMETERS = ["endpoint", "region"];
/** What is sent at once: memory that each upload takes a few times. A bucket takes 10,000 of them for an object. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 1;
const CONNECT_MS = 5_000;
const SILENT_MS = 60_000;

/**
 * Places in a bucket: `s3://bucket/prefix?endpoint=…&region=…`, with credentials from where the SDK looks for them. An
 * object is there when all of it is. The SDK is loaded when it is first used.
 */
export class S3Places implements Places {
  readonly text: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #endpoint: string | undefined;
  readonly #region: string | undefined;
  #client: Promise<S3Client> | undefined;

  /** @throws OptionsError for a wrong URL, and where the SDK is not installed */
  constructor(text: string) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const unknown = [...(url?.searchParams.keys() ?? [])].filter((name) => !PARAMETERS.includes(name));
    const endpoint = url?.searchParams.get("endpoint") ?? undefined;
    refuseOptions([
      url === undefined || url.hostname === ""
        ? `artifacts: ${show(text)} names no bucket; expected s3://bucket/prefix?endpoint=…&region=…`
        : undefined,
      url?.username === "" && url.password === ""
        ? undefined
        : "artifacts: credentials for S3 belong into the environment of the SDK, such as AWS_ACCESS_KEY_ID",
      ...unknown.map((name) => `artifacts: ${show(name)} is no parameter of S3; known are ${PARAMETERS.join(", ")}`),
      endpoint === undefined || /^https?:\/\/./i.test(endpoint)
        ? undefined
        : `artifacts: the endpoint must be an http or https URL; got ${show(endpoint)}`,
    ]);
    refuseMissingPackages();
    const { hostname = "", pathname = "", searchParams } = url ?? {};
    this.#bucket = hostname;
    this.#prefix = pathname.replace(/^\/+|\/+$/g, "");
    this.#endpoint = endpoint;
    this.#region = searchParams?.get("region") ?? undefined;
    this.text = `s3://${this.#bucket}/${this.#prefix}`;
  }

  async write(place: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const { Upload } = await import("@aws-sdk/lib-storage");
    const Body = Readable.from(bytes, { objectMode: false });
    const upload = new Upload({
      client: await this.#open(),
      params: { ...this.#at(place), Body, ContentType: "application/octet-stream" },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    });
    const done = upload.done();
    // What the bytes throw is to be told, and not what the SDK makes of it.
    const broken = Promise.withResolvers<never>();
    Body.once("error", broken.reject);
    try {
      await Promise.race([done, broken.promise]);
    } catch (error) {
      Body.destroy();
      // The SDK takes back the parts that are there.
      await done.catch(() => undefined);
      throw error;
    }
  }

  async read(place: string, { first, last }: ByteRange): Promise<ReadableStream<Uint8Array> | null> {
    const [client, { GetObjectCommand, NoSuchKey }] = await Promise.all([this.#open(), import("@aws-sdk/client-s3")]);
    // An empty object has no range; whether it is there is asked all the same.
    const range = last < first ? {} : { Range: `bytes=${first}-${last}` };
    try {
      const { Body } = await client.send(new GetObjectCommand({ ...this.#at(place), ...range }));
      return (Body?.transformToWebStream() ?? null) as ReadableStream<Uint8Array> | null;
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  }

  async delete(place: string): Promise<void> {
    const [client, { DeleteObjectCommand }] = await Promise.all([this.#open(), import("@aws-sdk/client-s3")]);
    await client.send(new DeleteObjectCommand(this.#at(place)));
  }

  #at(place: string): { readonly Bucket: string; readonly Key: string } {
    const name = checkPlace(place);
    return { Bucket: this.#bucket, Key: this.#prefix === "" ? name : `${this.#prefix}/${name}` };
  }

  #open(): Promise<S3Client> {
    this.#client ??= this.#create();
    return this.#client;
  }

  async #create(): Promise<S3Client> {
    const { S3Client } = await import("@aws-sdk/client-s3");
    return new S3Client({
      // Servers beside AWS are reached by one name for all buckets, and many know none of the newer checksums.
      ...(this.#endpoint === undefined ? {} : { endpoint: this.#endpoint, forcePathStyle: true }),
      ...(this.#region === undefined ? {} : { region: this.#region }),
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
    });
  }
}

function refuseMissingPackages(): void {
  const require = createRequire(import.meta.url);
  const missing = PACKAGES.filter((name) => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  throw new OptionsError(
    `artifacts in S3 need ${missing.join(" and ")}, not installed here: npm install ${missing.join(" ")}`,
  );
}
