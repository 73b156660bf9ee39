/** A program of a worker, as text: see tools/build/code-plugin.ts. */
declare module "*?code" {
  const code: string;
  export default code;
}
