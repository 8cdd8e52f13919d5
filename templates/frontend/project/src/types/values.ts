/** Values between what a control holds and what the API takes. */

/** A local date and time, as its control holds it, from a moment. */
export function toLocal(moment: string | null): string {
  if (!moment) return "";
  const at = new Date(moment);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** A moment, from a local date and time. */
export const toMoment = (local: string): string =>
  new Date(local).toISOString();

/** JSON as people read it. */
export const toJson = (value: unknown): string =>
  value === null ? "" : JSON.stringify(value, null, 2);

/** What was written as JSON; its control has checked it. */
export const fromJson = <Value>(text: string): Value =>
  JSON.parse(text) as Value;

/** The lines of a text, each read as an item. */
export function toList(text: string): string[];
export function toList<Item>(
  text: string,
  read: (line: string) => Item,
): Item[];
export function toList(
  text: string,
  read: (line: string) => unknown = String,
): unknown[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => read(line));
}
