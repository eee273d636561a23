// What the page asks the API: the days behind of what is drawn, by the routes that know the column.
import { api, type Hub, type TableAnswer } from '../../lib/api';
import { addDays } from '../../lib/format';

export const BEHIND = 60;
/** Columns that telemetry and rules know, and charges do not. */
const ATTRIBUTED = ['Team', 'Deployment'];

export interface Asked {
  currency: string;
  by: string;
  /** The group that is drawn; null draws the total. */
  group: string | null;
}

/** The last days of cost of the total or of a group. */
export function actualUrl(asked: Asked, hub: Hub): string | null {
  if (!hub.throughDay) return null;
  const query = new URLSearchParams({
    from: addDays(hub.throughDay, 1 - BEHIND),
    to: addDays(hub.throughDay, 1),
    currency: asked.currency,
    by: 'ChargeDate',
    limit: '10000',
  });
  if (asked.group === null) return api('matrix', query);
  if (ATTRIBUTED.includes(asked.by)) {
    query.set('by', `ChargeDate,${asked.by}`);
    return api('attribute', query);
  }
  const scope = hub.scopes.find((each) => each.name === asked.group);
  query.set(
    'where',
    asked.by === 'Scope' && scope ? `x_ScopeKey=${scope.key}` : `${asked.by}=${asked.group}`,
  );
  return api('matrix', query);
}

/** Rows of an answer as records by column. */
export function records(answer: TableAnswer | undefined): Record<string, string | null>[] {
  if (!answer) return [];
  return answer.rows.map((row) =>
    Object.fromEntries(
      answer.columns.map((each, at) => {
        const cell = row[at];
        return [each.name, cell === null || cell === undefined ? null : String(cell)];
      }),
    ),
  );
}

/** The group of a row as the address holds it: an unknown one is empty. */
export function groupOf(row: Record<string, string | null>, by: string): string {
  return row[by] ?? '';
}
