/** What an artifact can be made of. Streams are not held in memory; browsers send them over HTTP/2 only. */
export type ArtifactBytes = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** An artifact, or a range of it, as it comes. Read the body, or cancel it. */
export interface ArtifactDownload {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Of the whole artifact, in hexadecimal digits. */
  readonly sha256: string;
  readonly contentType: string;
}

export interface ArtifactDetails {
  /** @default the type of a `Blob`, else "application/octet-stream" */
  readonly contentType?: string;
  /** In hexadecimal digits; what arrives with another is refused. */
  readonly sha256?: string;
}

/** Bytes from 0, both ends counted; without `last`, all from `first` on. */
export interface ArtifactRange {
  readonly first: number;
  readonly last?: number;
}

/** What is known of an artifact. */
export interface ArtifactInfo {
  /** As its sender named it; never a part of where it lies. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Of the bytes, in hexadecimal digits. */
  readonly sha256: string;
  readonly contentType: string;
  /** The person or the worker that sent it. */
  readonly createdBy: string | null;
  readonly createdAt: Date;
}

/**
 * Files of a job, for the attempt that holds it. What an attempt sends or asks for after its lease is gone is refused with
 * `lease_lost`; once its signal has fired, what is on its way ends with the signal's reason.
 */
export interface AttemptArtifacts {
  /** By name. */
  list(): Promise<readonly ArtifactInfo[]>;
  /** @throws NotFoundError `artifact_not_found` */
  get(name: string, options?: { readonly range?: ArtifactRange }): Promise<ArtifactDownload>;
  /** Add a file, in place of one with the same name. It is sent once: a stream cannot be read again. */
  put(name: string, bytes: ArtifactBytes, details?: ArtifactDetails): Promise<ArtifactInfo>;
}
