import { useMemo } from 'react';
import { Choice } from '../parts/choice';
import { Grid } from '../parts/grid';
import { Empty, Failure, Waiting } from '../parts/states';
import { api, useApi } from '../lib/api';
import { addMonths, monthName } from '../lib/format';
import {
  below,
  keyOf,
  treeOf,
  type HierarchyAnswer,
  type SparkAnswer,
  type TreeLine,
} from '../lib/hierarchy';
import { useHub } from '../lib/hub';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { columnsOf } from './unit-costs/columns';
import { DEFAULT_BY, HierarchyChoice } from './unit-costs/hierarchy-choice';

const words = text.unitCosts;

/** The matrix: any hierarchy, subtotals as quotients of sums, a compared period, sparklines. */
export default function UnitCosts() {
  const { params } = usePlace();
  const hub = useHub();
  const by = (params.get('by') ?? DEFAULT_BY).split(',');
  const per = params.get('per') ?? '1M';
  const cost = params.get('cost') ?? 'Effective';
  const compare = params.get('compare') ?? 'previous';
  const query = apiFilters(params);
  query.set('by', by.join(','));
  query.set('per', per);
  query.set('cost', cost);
  const plain = new URLSearchParams(query);
  if (/^\d{4}-\d{2}$/.test(compare)) {
    query.set('compare_from', compare);
    query.set('compare_to', addMonths(compare, 1));
  } else query.set('compare', compare === 'none' ? 'none' : 'previous');
  const answer = useApi<HierarchyAnswer>(api('hierarchy', query));
  const sparks = useApi<SparkAnswer>(answer.data ? api('sparklines', plain) : null);
  const tree = useMemo(() => (answer.data ? treeOf(answer.data.lines) : null), [answer.data]);
  const lines = useMemo(
    () =>
      new Map(
        (sparks.data?.lines ?? []).map((each) => [
          keyOf(each.BillingCurrency, each.labels),
          each.values,
        ]),
      ),
    [sparks.data],
  );
  const shownBy = answer.data?.by;
  const compared = answer.data?.compare ?? null;
  const columns = useMemo(
    () => columnsOf(shownBy ?? [], hub, per, cost, compared, lines),
    [shownBy, hub, per, cost, compared, lines],
  );
  const controls = (
    <div className="controls">
      <HierarchyChoice by={by} hub={hub} />
      <Choice
        label={words.per}
        value={per}
        options={['token', '1K', '1M'].map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ per: value })}
      />
      <Choice
        label={words.cost}
        value={cost}
        options={(hub.person.seesAll
          ? ['Effective', 'Billed', 'List', 'Contracted']
          : ['Effective', 'Billed']
        ).map((value) => ({ value, label: value }))}
        onChoose={(value) => setParams({ cost: value })}
      />
      <Choice
        label={words.compare}
        value={compare}
        options={[
          { value: 'previous', label: words.previous },
          { value: 'none', label: words.noCompare },
          ...[...hub.months]
            .reverse()
            .map(({ month }) => ({ value: month, label: monthName(month) })),
        ]}
        onChoose={(value) => setParams({ compare: value })}
      />
    </div>
  );
  return (
    <>
      <h1 className="visually-hidden">{text.pages.unitCosts}</h1>
      {answer.error ? (
        <>
          {controls}
          <Failure error={answer.error} retry={answer.retry} />
        </>
      ) : !tree ? (
        <>
          {controls}
          <Waiting lines={16} height={560} />
        </>
      ) : tree.totals.length === 0 ? (
        <>
          {controls}
          <Empty />
        </>
      ) : (
        <Grid
          name="matrix"
          label={text.pages.unitCosts}
          columns={columns}
          rows={tree.rows}
          totals={tree.totals}
          rowKey={rowKey}
          subRows={below}
          levels={Number(params.get('matrix_levels') ?? Math.min(2, by.length - 1))}
          rowClass={rowClass}
          stale={answer.stale}
          exports={{ csv: api('matrix.csv', plain), xlsx: api('matrix.xlsx', plain) }}
          tools={controls}
        />
      )}
    </>
  );
}

const rowKey = (row: TreeLine) => row.key;
const rowClass = (row: TreeLine) => (row.read ? undefined : 'unread');
