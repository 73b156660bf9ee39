/** A value as skopeo prints it: four spaces, a newline at the end, and the characters `<>&` escaped as Go does. */
export function goIndentedJson(value: unknown): string {
  const escapes: Readonly<Record<string, string>> = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
  };
  const text = JSON.stringify(value, null, 4).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
  return `${text}\n`;
}
