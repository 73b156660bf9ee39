const start = "<!-- bench: what follows is written by npm run bench -- --write-docs -->";
const end = "<!-- bench: the end of it -->";

/** Puts `body` between the markers of a page. Throws where the page does not have both, once and in order. */
export function betweenMarkers(page: string, body: string): string {
  const first = page.split(start);
  const second = first[1]?.split(end);
  if (first.length !== 2 || second?.length !== 2 || first[0]?.includes(end)) {
    throw new Error(`the page does not have each of these lines once, in this order:\n${start}\n${end}`);
  }
  return `${first[0]}${start}\n\n${body.trim()}\n\n${end}${second[1]}`;
}
