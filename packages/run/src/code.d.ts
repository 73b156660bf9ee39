/** A module and all that it imports, as the text of one CommonJS script: see tools/build/code-plugin.ts. */
declare module "*?code" {
  const code: string;
  export default code;
}
