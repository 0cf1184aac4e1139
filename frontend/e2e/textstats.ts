/** What the textstats program answers for a text, computed without it. */
export function textstats(text: string): Record<string, number> {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return {
    bytes: Buffer.byteLength(text),
    characters: [...text].length,
    lines: lines.length,
    longest_line_characters: Math.max(0, ...lines.map((line) => [...line].length)),
    words: text.match(/[^ \t\n\v\f\r]+/g)?.length ?? 0,
  };
}
