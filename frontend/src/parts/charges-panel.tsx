import { useCallback, useEffect, useMemo, useState } from 'react';
import { api, ask, useApi, type Cell, type TableAnswer } from '../lib/api';
import { gridColumns, tableRows, type TableRow } from '../lib/columns';
import { CLOSED, chargeFilters } from '../lib/drill';
import { money, periodName } from '../lib/format';
import { sourceOf, useHub } from '../lib/hub';
import { apiFilters, setParams, usePlace } from '../lib/url';
import { text } from '../text';
import { Grid } from './grid';
import { Panel } from './panel';
import { Empty, Failure, Waiting } from './states';

const PAGE = 200;
const FIRST = [
  'SkuMeter',
  'ChargeDate',
  'ResourceName',
  'EffectiveCost',
  'BilledCost',
  'x_UnitQuantity',
  'Unit',
  'ChargeCategory',
  'BillingCurrency',
];

/** The charges that a number is the sum of, page by page as they are scrolled to. */
export function ChargesPanel() {
  const { params } = usePlace();
  const hub = useHub();
  const query = chargeFilters(apiFilters(params), params);
  const title = params
    .getAll('charges')
    .filter((each) => each !== 'all')
    .map((each) => each.replace('=', ': ').replace(/: $/, `: ${text.filters.unknownValue}`))
    .join(' · ');
  const close = useCallback(() => setParams(CLOSED), []);
  return (
    <Panel
      title={text.charges.title}
      subtitle={[title, periodName(query.get('from'), query.get('to'))].filter(Boolean).join(' · ')}
      onClose={close}
    >
      <Charges key={query.toString()} query={query} source={sourceOf(hub)} />
    </Panel>
  );
}

function Charges(props: { query: URLSearchParams; source: string }) {
  const first = new URLSearchParams(props.query);
  first.set('limit', String(PAGE));
  const answer = useApi<TableAnswer>(api('charges', first));
  const [more, setMore] = useState<{ rows: Cell[][]; next: number | null } | null>(null);
  const [commit, setCommit] = useState<string>();
  if (answer.data && answer.data.commit !== commit) {
    setCommit(answer.data.commit);
    setMore(null);
  }
  const [waits, setWaits] = useState(false);
  const data = answer.data;
  const next = more ? more.next : (data?.next ?? null);
  const source = props.source;
  const columns = useMemo(
    () => gridColumns(data?.columns ?? [], { first: FIRST, source }),
    [data, source],
  );
  const rows = useMemo(
    () => tableRows([...(data?.rows ?? []), ...(more?.rows ?? [])]),
    [data, more],
  );
  useEffect(() => {
    if (!waits || next === null) return undefined;
    let wanted = true;
    const page = new URLSearchParams(first);
    page.set('offset', String(next));
    void ask<TableAnswer>(api('charges', page), false).then((got) => {
      if (!wanted) return;
      setMore((former) => ({ rows: [...(former?.rows ?? []), ...got.rows], next: got.next }));
      setWaits(false);
    });
    return () => {
      wanted = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `first` follows from the key
  }, [waits, next]);
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!data) return <Waiting lines={14} height={480} />;
  if (data.total === 0) return <Empty />;
  const sums = (data.sums ?? [])
    .map((each) => `${money(each.EffectiveCost, each.BillingCurrency)} EffectiveCost`)
    .join(', ');
  return (
    <>
      <p className="panel-sum" data-sum>
        {text.charges.count(data.total, sums)}
      </p>
      <Grid
        name="charges"
        label={text.charges.title}
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        count={data.total}
        onEnd={() => next !== null && setWaits(true)}
        exports={{ csv: api('charges.csv', props.query), xlsx: api('charges.xlsx', props.query) }}
      />
    </>
  );
}

const keyOf = (row: TableRow) => row.key;
