// What leaves the page: CSV into the clipboard, pictures into files.

interface CsvColumn<R> {
  id: string;
  kind: string;
  value: (row: R) => string | number | null;
  text: (row: R) => string;
}

const FORMULA = /^[=+\-@\t\r\n]/;

/** Rows as CSV: exact values, and no text that a spreadsheet would run. */
export function csvOf<R>(columns: readonly CsvColumn<R>[], rows: readonly R[]): string {
  const shown = columns.filter((each) => each.kind !== 'picture');
  const lines = rows.map((row) => shown.map((each) => cell(each, row)).join(','));
  return [shown.map((each) => quoted(each.id)).join(','), ...lines].join('\n') + '\n';
}

function cell<R>(column: CsvColumn<R>, row: R): string {
  const value = column.value(row);
  if (value === null) return '';
  if (column.kind === 'number') return String(value);
  const words = String(value);
  return quoted(FORMULA.test(words) ? `'${words}` : words);
}

function quoted(words: string): string {
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}

/** Keep a data URL as a file. */
export function saved(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
