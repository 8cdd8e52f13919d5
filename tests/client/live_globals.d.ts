/** The little of Node that the driver uses, so that its compiler needs no further package. */
declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    equal(found: unknown, wanted: unknown, message?: string): void;
    notEqual(found: unknown, other: unknown): void;
    throws(call: () => unknown, kind: typeof Error): void;
    deepEqual(found: unknown, wanted: unknown): void;
    match(text: string, pattern: RegExp): void;
  }
  const assert: Assert;
  export default assert;
}
declare const process: { env: { [key: string]: string | undefined }; exitCode: number };
