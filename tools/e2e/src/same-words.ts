/**
 * Output in which what differs from one store and moment to the next stands as what it is: paths, times, and the IDs of
 * containers and of the layers that they write to.
 */
export function sameWords(text: string, folder: string, ids: readonly string[]): string {
  const places = text
    .replaceAll(folder, "<folder>")
    .replace(/\b(vfs\/dir|overlay)\/[0-9a-f]{64}/g, "$1/<layer>")
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000 UTC/g, "<time>");
  return ids.reduce(
    (rest, id, index) =>
      rest.replaceAll(id, `<container ${index}>`).replaceAll(id.slice(0, 12), `<short ${index}>`),
    places,
  );
}
