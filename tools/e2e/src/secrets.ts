import type { RunResult } from "@drayage-internal/peers/run";

/** Throws where a program has printed a secret: as it is, in a URL, in JSON, or in base64 behind a user's name. */
export function expectNoSecrets(
  { stdout, stderr }: Pick<RunResult, "stdout" | "stderr">,
  secrets: readonly string[],
): void {
  for (const [name, output] of Object.entries({ stdout, stderr })) {
    const printed = [output, ...decoded(output)].join("\n");
    for (const secret of secrets) {
      const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
      if (forms.some((form) => printed.includes(form)))
        throw new Error(`${name} has a secret in it (${secret}):\n${output}`);
    }
  }
}

/** What each word of base64 in a text says. */
function decoded(output: string): readonly string[] {
  const words = output.match(/[\w+/-]{8,}={0,2}/g) ?? [];
  return words.map((word) => Buffer.from(word, "base64").toString());
}
