import { useCallback, useMemo } from 'react';
import { Panel } from '../../parts/panel';
import { Empty, Failure, Waiting } from '../../parts/states';
import { tip } from '../../parts/tip';
import { useTable } from '../../parts/data-table';
import { openCharges } from '../../lib/drill';
import { exact, money, signedMoney } from '../../lib/format';
import { sourceOf, useHub } from '../../lib/hub';
import { go, setParams } from '../../lib/url';
import { anomaliesText as words } from '../../text/anomalies';
import { DayChart } from './day-chart';
import { Feedback } from './feedback';
import { cellName, chargesOf, daysOf, findingsOf, stateOf, textAt, type Finding } from './findings';

const COSTS = ['ExpectedCost', 'ActualCost', 'ExtraCost', 'PriceCost', 'VolumeCost', 'MixCost'];
const LEVELS = ['ExpectedCost', 'ActualCost'];
const CELL = [
  'x_ModelId',
  'ResourceId',
  'Deployment',
  'Application',
  'Team',
  'x_TokenDirection',
  'x_DeploymentScope',
  'x_ServiceTier',
  'SkuMeter',
  'BillingAccountId',
];
const MAY_MARK = ['admin', 'finance'];

/** A finding of the list, or one that its filters leave out, asked for by itself. */
export function FindingPanel(props: {
  id: string;
  finding: Finding | undefined;
  onKept: () => void;
}) {
  const close = useCallback(() => setParams({ finding: null }), []);
  if (props.finding) return <Shown {...props} finding={props.finding} onClose={close} />;
  return <Sought id={props.id} onKept={props.onKept} onClose={close} />;
}

function Sought(props: { id: string; onKept: () => void; onClose: () => void }) {
  const all = useMemo(() => new URLSearchParams({ notices: 'true' }), []);
  const answer = useTable('anomalies', all);
  const finding = findingsOf(answer.data).find((each) => textAt(each, 'Id') === props.id);
  const kept = () => {
    answer.retry();
    props.onKept();
  };
  if (finding) return <Shown finding={finding} onKept={kept} onClose={props.onClose} />;
  return (
    <Panel title={props.id} onClose={props.onClose}>
      {answer.error ? (
        <Failure error={answer.error} retry={answer.retry} />
      ) : answer.data ? (
        <Empty title={words.gone} help={words.goneHelp} />
      ) : (
        <Waiting lines={10} height={360} />
      )}
    </Panel>
  );
}

function Shown(props: { finding: Finding; onKept: () => void; onClose: () => void }) {
  const { finding } = props;
  const hub = useHub();
  const basis = textAt(finding, 'Basis');
  const currency = textAt(finding, 'BillingCurrency');
  const start = textAt(finding, 'Start') ?? '';
  const end = textAt(finding, 'End') ?? '';
  const days = words.days(start, finding.Open === true ? words.open(end) : end);
  const mayMark = hub.person.roles.some((each) => MAY_MARK.includes(each));
  return (
    <Panel
      title={`${capital(textAt(finding, 'Kind') ?? '')} · ${cellName(finding)}`}
      subtitle={days}
      onClose={props.onClose}
    >
      <div className="finding" data-finding={textAt(finding, 'Id')}>
        <p className="explanation">{textAt(finding, 'Explanation')}</p>
        <Facts finding={finding} />
        {basis !== 'runs' && currency && (
          <section className="block">
            <header className="block-head">
              <h3>{words.chart}</h3>
              {basis === 'bill' && (
                <button type="button" className="link" onClick={() => openBehind(finding)}>
                  {words.charges}
                </button>
              )}
            </header>
            <DayChart finding={finding} />
            <p className="quiet">{words.chartHelp}</p>
          </section>
        )}
        {basis === 'runs' && hub.person.seesAll && (
          <p className="block">
            <button
              type="button"
              className="link"
              onClick={() => go('/data', new URLSearchParams({ view: 'runs' }))}
            >
              {words.runs}
            </button>
          </p>
        )}
        {hub.person.seesAll && (
          <section className="block" aria-label={words.feedback}>
            <h3>{words.feedback}</h3>
            <Said finding={finding} />
            {mayMark && <Feedback finding={finding} onKept={props.onKept} />}
          </section>
        )}
      </div>
    </Panel>
  );
}

function Facts(props: { finding: Finding }) {
  const { finding } = props;
  const hub = useHub();
  const currency = textAt(finding, 'BillingCurrency');
  const costs = COSTS.filter((name) => textAt(finding, name) !== null).map((name) => {
    const value = textAt(finding, name);
    const made = LEVELS.includes(name) ? money : signedMoney;
    return {
      name,
      shown: made(value, currency),
      hover: tip(words.tips[name], value && exact(value), sourceOf(hub)),
    };
  });
  const others = [
    { name: 'State', shown: words.states[stateOf(finding)] },
    { name: 'Found', shown: textAt(finding, 'Found') ?? '' },
    { name: 'Basis', shown: words.bases[textAt(finding, 'Basis') ?? ''] ?? '' },
    ...CELL.flatMap((name) => {
      const value = textAt(finding, name);
      if (value === null) return [];
      return [{ name, shown: value.split('/').at(-1) ?? value, hover: value }];
    }),
  ];
  return (
    <dl className="facts">
      {[...costs, ...others.map((each) => ({ hover: words.tips[each.name], ...each }))].map(
        ({ name, shown, hover }) => (
          <div key={name} data-fact={name}>
            <dt>{words.facts[name]}</dt>
            <dd tabIndex={hover ? 0 : undefined} data-tip={hover}>
              {shown}
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** What was last said of it, by whom and why. */
function Said(props: { finding: Finding }) {
  const { finding } = props;
  const mark = textAt(finding, 'Mark');
  const by = textAt(finding, 'MarkedBy') ?? '';
  const until = textAt(finding, 'MarkedUntil');
  const note = textAt(finding, 'MarkNote');
  const muted = textAt(finding, 'Muted');
  if (mark === null) return muted === null ? null : <p>{muted}</p>;
  const name = mark === 'muted' ? words.states.muted : (words.marks[mark] ?? mark);
  return (
    <p data-said={mark}>
      <strong>{until ? words.saidUntil(name, until, by) : words.said(name, by)}</strong>
      {note && `: ${note}`}
    </p>
  );
}

function openBehind(finding: Finding): void {
  const { by, labels } = chargesOf(finding);
  openCharges(by, labels, textAt(finding, 'BillingCurrency'), daysOf(finding));
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
