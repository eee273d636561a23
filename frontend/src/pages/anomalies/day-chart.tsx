import { useMemo } from 'react';
import { BandChart } from '../../parts/band-chart';
import { Failure, Waiting } from '../../parts/states';
import { api, useApi, type TableAnswer } from '../../lib/api';
import { addDays, shortMoney } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { placeColour } from '../../lib/palette';
import { useDark } from '../../lib/theme';
import { anomaliesText as words } from '../../text/anomalies';
import { chargesOf, daysOf, findingsOf, textAt, type Finding } from './findings';

const BEFORE = 28;
const AFTER = 7;
const HEIGHT = 240;

/** What the cell cost on the days around a finding, and what it would have by nature. */
export function DayChart(props: { finding: Finding }) {
  const { finding } = props;
  const hub = useHub();
  const dark = useDark();
  const { from, to } = daysOf(finding);
  const currency = textAt(finding, 'BillingCurrency') ?? '';
  const first = addDays(from, -BEFORE);
  const last = useMemo(() => {
    const after = addDays(to, AFTER);
    const known = addDays(hub.throughDay ?? to, 1);
    return [after, known < to ? to : known].sort()[0] ?? after;
  }, [to, hub]);
  const url = useMemo(() => {
    const { by, labels } = chargesOf(finding);
    const query = new URLSearchParams({ from: first, to: last, currency, by: 'ChargeDate' });
    by.forEach((name, at) => query.append('where', `${name}=${labels[at] ?? ''}`));
    query.set('limit', '10000');
    return api('matrix', query);
  }, [finding, first, last, currency]);
  const answer = useApi<TableAnswer>(url);
  const drawn = useMemo(() => {
    const costs = new Map(
      findingsOf(answer.data).map((row) => [
        textAt(row, 'ChargeDate'),
        textAt(row, 'EffectiveCost'),
      ]),
    );
    const buckets: string[] = [];
    for (let day = first; day < last; day = addDays(day, 1)) buckets.push(day);
    const inside = (day: string) => day >= from && day < to;
    const mean = Number(textAt(finding, 'ExpectedCost')) / buckets.filter(inside).length;
    const actual = buckets.map((day) => {
      const cost = costs.get(day);
      return cost === undefined || cost === null ? null : Number(cost);
    });
    return {
      buckets,
      lines: [
        { name: words.actual, colour: placeColour(0, dark), values: actual },
        {
          name: words.expected,
          colour: placeColour(1, dark),
          values: buckets.map((day) => (inside(day) ? mean : null)),
        },
      ],
    };
  }, [answer.data, finding, first, last, from, to, dark]);
  const format = useMemo(
    () => (value: number) => shortMoney(value.toFixed(6), currency),
    [currency],
  );
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data) return <Waiting lines={7} height={HEIGHT} />;
  if (answer.data.total === 0) return <p className="quiet">{words.noDays}</p>;
  return (
    <BandChart
      label={words.chart}
      name={`finding-${textAt(finding, 'Id') ?? ''}`}
      buckets={drawn.buckets}
      lines={drawn.lines}
      bands={NO_BANDS}
      height={HEIGHT}
      format={format}
      stale={answer.stale}
    />
  );
}

const NO_BANDS: never[] = [];
