import { makeCertificates, type TestCertificates } from "./certificates.ts";
import { temporaryDirectory } from "./temporary.ts";

let common: Promise<TestCertificates> | undefined;

/** The certificates of this test file, made when they are first asked for; others, in `folder`, where one is named. */
export async function testCertificates(folder?: string): Promise<TestCertificates> {
  if (folder !== undefined) return makeCertificates(folder);
  common ??= makeCertificates(temporaryDirectory());
  return common;
}
