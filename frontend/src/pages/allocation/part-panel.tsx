import { useCallback, useMemo } from 'react';
import { Grid } from '../../parts/grid';
import { Panel } from '../../parts/panel';
import { Empty, Failure, Waiting } from '../../parts/states';
import type { GridColumn } from '../../parts/grid';
import {
  UNATTRIBUTED,
  isFact,
  levelsOf,
  partsBy,
  type AllocationAnswer,
  type AllocationLine,
  type AllocationNode,
} from '../../lib/allocation';
import { api, useApi } from '../../lib/api';
import { openCharges } from '../../lib/drill';
import { periodName } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';
import { allocationColumns } from './columns';
import { useAsked } from './asked';
import { PartStatements } from './part-statements';

const words = text.allocation;
const CLOSED = { part: null, part_currency: null };

/** A line of the hierarchy: its meters and its days, each of which leads to the charges. */
export function PartPanel() {
  const { params } = usePlace();
  const { by } = useAsked();
  const close = useCallback(() => setParams(CLOSED), []);
  const held = params.getAll('part');
  if (held.length === 0) return null;
  const labels = held[0] === 'all' ? [] : held.map((each) => each || null);
  const levels = levelsOf(by, labels);
  const title = labels.map((each) => each ?? text.filters.unknownValue).join(' › ');
  const reason = labels[labels.indexOf(UNATTRIBUTED) + 1];
  const known = labels.includes(UNATTRIBUTED) && reason ? words.reasons[reason] : undefined;
  return (
    <Panel
      title={title || text.pages.allocation}
      subtitle={[levels.join(' › '), periodName(params.get('from'), params.get('to'))]
        .filter(Boolean)
        .join(' · ')}
      onClose={close}
    >
      {known && <p>{known}</p>}
      {labels.at(-1) === UNATTRIBUTED ? (
        <Below labels={labels} level="ResidualReason" title={words.byReason} />
      ) : (
        <>
          {levels[0] === 'Team' && labels.length === 1 && labels[0] && (
            <PartStatements team={labels[0]} currency={params.get('part_currency')} />
          )}
          <Below labels={labels} level="SkuMeter" title={words.meters} />
          <Below labels={labels} level="x_ModelId" title={words.models} />
          <Below labels={labels} level="ChargeDate" title={words.days} />
        </>
      )}
    </Panel>
  );
}

/** The parts of a line by one more fact of the charge. */
function Below(props: { labels: readonly (string | null)[]; level: string; title: string }) {
  const { labels, level } = props;
  const { params } = usePlace();
  const hub = useHub();
  const { by, query } = useAsked();
  const isReason = level === 'ResidualReason';
  const repeats = levelsOf(by, labels).includes(level);
  const asked = isReason ? by : partsBy(by, labels, level);
  query.set('by', asked.join(','));
  const answer = useApi<AllocationAnswer>(repeats ? null : api('allocation', query));
  const currency = params.get('part_currency');
  const offset = hub.person.seesAll || by.includes('Team') ? 0 : 1;
  const shownBy = answer.data?.by;
  const lines = useMemo(() => {
    const wanted = labels.length + offset;
    return (answer.data?.lines ?? [])
      .filter(
        (each) =>
          each.BillingCurrency === currency &&
          each.labels.length === wanted + 1 &&
          labels.every((label, at) => (each.labels[at + offset] ?? null) === label),
      )
      .sort(level === 'ChargeDate' ? byDay : inOrder)
      .map((each): AllocationNode => ({ ...each, key: JSON.stringify(each.labels), below: [] }));
  }, [answer.data, labels, currency, offset, level]);
  const columns = useMemo(() => {
    const made = allocationColumns(shownBy ?? [], hub, null);
    const seesAll = hub.person.seesAll;
    const open = (row: AllocationNode) => {
      const known = levelsOf(shownBy ?? [], row.labels)
        .map((name, at) => [name, row.labels[at] ?? null] as const)
        .filter(([name]) => isFact(name));
      setParams(CLOSED, true);
      openCharges(
        known.map(([name]) => name),
        known.map(([, value]) => value),
        row.BillingCurrency,
      );
    };
    return made.map((each): GridColumn<AllocationNode> => ({
      ...each,
      onOpen: seesAll && !isReason && each.onOpen ? open : undefined,
      ...(each.id === shownBy?.[0] ? { id: level, title: isReason ? words.reason : level } : {}),
    }));
  }, [shownBy, hub, level, isReason]);
  if (repeats) return null;
  return (
    <section className="block">
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : !answer.data ? (
        <Waiting lines={5} height={200} />
      ) : lines.length === 0 ? (
        <Empty />
      ) : (
        <Grid<AllocationNode>
          name={`part_${level}`}
          label={props.title}
          columns={columns}
          rows={lines}
          rowKey={keyOf}
          compact
        />
      )}
    </section>
  );
}

const byDay = (one: AllocationLine, other: AllocationLine) =>
  String(one.labels.at(-1)).localeCompare(String(other.labels.at(-1)));
const inOrder = () => 0;
const keyOf = (row: AllocationNode) => row.key;
