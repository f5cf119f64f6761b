export interface Worker {
  readonly id: string;
}
