/** Text of a document as it stands in a message: in quotes, and cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);
}
