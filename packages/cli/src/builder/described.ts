/** The help of a command that needs no more than a line, and examples. */
export function described(
  brief: string,
  examples: readonly string[],
): { readonly brief: string; readonly fullDescription: string } {
  return {
    brief,
    fullDescription: [`${brief}.`, "", "EXAMPLES", ...examples.map((line) => `  ${line}`)].join("\n"),
  };
}
