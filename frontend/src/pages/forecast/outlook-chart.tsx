import { useMemo } from 'react';
import { BandChart } from '../../parts/band-chart';
import { Failure } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { addDays, shortMoney } from '../../lib/format';
import { useHub } from '../../lib/hub';
import { placeColour } from '../../lib/palette';
import { useDark } from '../../lib/theme';
import { forecastText as words } from '../../text/forecast';
import { actualUrl, BEHIND, groupOf, records, type Asked } from './questions';

/** The days behind and the days ahead within their intervals, of the total or a group. */
export function OutlookChart(props: {
  asked: Asked;
  ahead: TableAnswer | undefined;
  through: string | null;
  stale: boolean;
}) {
  const { asked, ahead, through } = props;
  const hub = useHub();
  const dark = useDark();
  const actual = useApi<TableAnswer>(actualUrl(asked, hub));
  const drawn = useMemo(() => {
    const behind = costByDay(actual.data, asked);
    const days = new Map(
      records(ahead)
        .filter((row) => asked.group === null || groupOf(row, asked.by) === asked.group)
        .map((row) => [row.ChargeDate ?? '', row]),
    );
    const last = [...days.keys()].sort().at(-1) ?? hub.throughDay;
    if (!hub.throughDay || !last) return null;
    const buckets: string[] = [];
    for (let day = addDays(hub.throughDay, 1 - BEHIND); day <= last; day = addDays(day, 1))
      buckets.push(day);
    const figure = (day: string, name: string) => {
      const value = days.get(day)?.[name];
      return value === null || value === undefined ? null : Number(value);
    };
    const settled = (day: string) => through === null || day <= through;
    const column = (name: string) => buckets.map((day) => figure(day, name));
    const own = (isSettled: boolean) =>
      buckets.map((day) => (settled(day) === isSettled ? (behind.get(day) ?? null) : null));
    const unsettled = own(false);
    const [blue, orange] = [placeColour(0, dark), placeColour(1, dark)];
    return {
      buckets,
      lines: [
        { name: words.actual, colour: blue, values: own(true) },
        ...(unsettled.some((each) => each !== null)
          ? [{ name: words.unsettled, colour: placeColour(9, dark), values: unsettled }]
          : []),
        { name: words.expected, colour: orange, values: column('EffectiveCost') },
      ],
      bands: [
        { name: words.within95, colour: blue, low: column('Low95'), high: column('High95') },
        { name: words.within80, colour: orange, low: column('Low80'), high: column('High80') },
      ],
    };
  }, [actual.data, ahead, asked, through, hub, dark]);
  const format = useMemo(
    () => (value: number) => shortMoney(value.toFixed(6), asked.currency),
    [asked.currency],
  );
  if (actual.error) return <Failure error={actual.error} retry={actual.retry} />;
  return (
    <BandChart
      label={words.chart}
      name="forecast"
      buckets={drawn?.buckets ?? NONE}
      lines={drawn?.lines ?? NO_LINES}
      bands={drawn?.bands ?? NO_BANDS}
      height={320}
      format={format}
      stale={props.stale || actual.stale}
    />
  );
}

const NONE: string[] = [];
const NO_LINES: never[] = [];
const NO_BANDS: never[] = [];

/** Cost by day for drawing: a day without any row has no place. */
function costByDay(answer: TableAnswer | undefined, asked: Asked): Map<string, number> {
  const days = new Map<string, number>();
  for (const row of records(answer)) {
    const other = asked.group !== null && asked.by in row && groupOf(row, asked.by) !== asked.group;
    if (other || !row.ChargeDate || row.EffectiveCost === null) continue;
    days.set(row.ChargeDate, (days.get(row.ChargeDate) ?? 0) + Number(row.EffectiveCost));
  }
  return days;
}
