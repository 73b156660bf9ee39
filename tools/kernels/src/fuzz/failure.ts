/** What a kernel did wrong: the message says what, in a line. Whatever else is thrown is the fuzzer's own fault. */
export class Failure extends Error {
  override readonly name = "Failure";
}
