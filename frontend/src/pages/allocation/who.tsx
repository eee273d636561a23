import { useMemo } from 'react';
import { Choice } from '../../parts/choice';
import { Grid } from '../../parts/grid';
import { Empty, Failure, Waiting } from '../../parts/states';
import { allocationTree, type AllocationAnswer, type AllocationNode } from '../../lib/allocation';
import { api, useApi } from '../../lib/api';
import { useHub } from '../../lib/hub';
import { setParams, usePlace } from '../../lib/url';
import { text } from '../../text';
import { allocationColumns } from './columns';
import { KeyFigures } from './key-figures';
import { Levels } from './levels';
import { PartPanel } from './part-panel';
import { Residual } from './residual';
import { useAsked } from './asked';

const words = text.allocation;

/** The hierarchy of who caused a cost, the residual by its reason, beside the period before. */
export function Who() {
  const { params } = usePlace();
  const hub = useHub();
  const { by, query, evidence, idle, reservations } = useAsked();
  const file = new URLSearchParams(query);
  query.set('compare', 'previous');
  const answer = useApi<AllocationAnswer>(api('allocation', query));
  const tree = useMemo(
    () => (answer.data ? allocationTree(answer.data.lines) : null),
    [answer.data],
  );
  const shown = answer.data;
  const several = (tree?.totals.length ?? 0) > 1;
  const columns = useMemo(
    () => (shown ? allocationColumns(shown.by, hub, shown.compare, several) : []),
    [shown, hub, several],
  );
  const controls = (
    <div className="controls">
      <Levels by={by} />
      {hub.person.seesAll && (
        <Choice
          label={words.evidence}
          value={evidence}
          options={Object.entries(words.evidences).map(([value, label]) => ({ value, label }))}
          onChoose={(value) => setParams({ evidence: value || null })}
        />
      )}
      <Choice
        label={words.idle}
        value={idle}
        options={Object.entries(words.idles)
          .filter(([value]) => hub.person.seesAll || value !== 'owner')
          .map(([value, label]) => ({ value, label }))}
        onChoose={(value) => setParams({ idle: value === 'spread' ? null : value })}
      />
      <Choice
        label={words.reservations}
        value={reservations}
        options={Object.entries(words.rates).map(([value, label]) => ({ value, label }))}
        onChoose={(value) => setParams({ reservations: value === 'billed' ? null : value })}
      />
    </div>
  );
  if (answer.error)
    return (
      <>
        <div className="controls bar">{controls}</div>
        <Failure error={answer.error} retry={answer.retry} />
      </>
    );
  if (!tree)
    return (
      <>
        <div className="controls bar">{controls}</div>
        <Waiting lines={16} height={640} />
      </>
    );
  if (tree.totals.length === 0)
    return (
      <>
        <div className="controls bar">{controls}</div>
        <Empty title={words.nothing} help={hub.person.seesAll ? undefined : words.nothingOfTeam} />
      </>
    );
  return (
    <>
      <KeyFigures totals={tree.totals} />
      <Residual rows={tree.rows} />
      <section className="block">
        <Grid<AllocationNode>
          name="allocation"
          label={text.pages.allocation}
          columns={columns}
          rows={tree.rows}
          totals={tree.totals}
          rowKey={rowKey}
          subRows={below}
          levels={Number(params.get('allocation_levels') ?? 0)}
          rowClass={rowClass}
          stale={answer.stale}
          exports={{ csv: api('attribute.csv', file), xlsx: api('attribute.xlsx', file) }}
          tools={controls}
        />
      </section>
      <PartPanel />
    </>
  );
}

const rowKey = (row: AllocationNode) => row.key;
const below = (row: AllocationNode) => row.below;
const rowClass = (row: AllocationNode) => (row.UnattributedShare === '1' ? 'unread' : undefined);
