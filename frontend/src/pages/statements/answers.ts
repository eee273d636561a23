// What the page asks of statements, and rows of answers as records by column.
import type { TableAnswer } from '../../lib/api';

export type Row = Record<string, string | null>;

/** Rows of an answer as records by column; cells as text. */
export function rowsOf(answer: TableAnswer | undefined): Row[] {
  return (answer?.rows ?? []).map((cells) =>
    Object.fromEntries(
      (answer?.columns ?? []).map((each, at) => {
        const cell = cells[at];
        return [each.name, cell === null || cell === undefined ? null : String(cell)];
      }),
    ),
  );
}

/** The statements, asked anew after each act. */
export function listUrl(turn: number): string {
  return `/api/statements?limit=10000${afterAct(turn)}`;
}

/** A view of a statement, asked anew after each act. */
export function viewUrl(number: string, view: string, turn: number): string {
  return `/api/statements/${encodeURIComponent(number)}/${view}${afterAct(turn)}`;
}

/** The fragment that makes a question another one; the server never sees it. */
const afterAct = (turn: number) => (turn ? `#${turn}` : '');

export const WHOLE_HOUSE = 'All';
