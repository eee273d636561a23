// What a table is made of: its columns, and what it is given.
import type { ReactNode } from 'react';

export interface GridColumn<R> {
  id: string;
  title: string;
  kind: 'text' | 'number' | 'picture';
  width: number;
  /** Whether the width follows what the column holds. */
  auto?: boolean;
  /** What is sorted, copied and exported: exact. */
  value: (row: R) => string | number | null;
  /** What is read. */
  text: (row: R) => string;
  cell?: (row: R) => ReactNode;
  tip?: string;
  cellTip?: (row: R) => string;
  tone?: (row: R) => string | undefined;
  onOpen?: (row: R) => void;
  hidden?: boolean;
}

export interface GridProps<R> {
  name: string;
  label: string;
  columns: readonly GridColumn<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  subRows?: (row: R) => readonly R[] | undefined;
  totals?: readonly R[];
  rowClass?: (row: R) => string | undefined;
  levels?: number;
  exports?: { csv: string; xlsx: string };
  tools?: ReactNode;
  stale?: boolean;
  count?: number;
  onEnd?: () => void;
  compact?: boolean;
}

export type SubRows<R> = (row: R) => readonly R[] | undefined;
