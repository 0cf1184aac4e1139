/**
 * Split a text into one input per task, `linesPerTask` lines each. Line ends stay as they are, so
 * the inputs put together are the text again; a last line end makes no empty task.
 */
export function splitLines(text: string, linesPerTask: number): string[] {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const parts: string[] = [];
  for (let first = 0; first < lines.length; first += linesPerTask) {
    parts.push(lines.slice(first, first + linesPerTask).join(""));
  }
  return parts;
}
