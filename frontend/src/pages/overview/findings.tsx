import { Failure, Waiting } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { text } from '../../text';

const words = text.overview;

/** What a person should look at, each with the command that shows more. */
export function Findings() {
  const answer = useApi<TableAnswer>('/api/findings');
  const rows = answer.data?.rows ?? [];
  return (
    <section className="block">
      <header className="block-head">
        <h2>{words.findings}</h2>
      </header>
      {answer.error && <Failure error={answer.error} retry={answer.retry} />}
      {!answer.data && !answer.error && <Waiting lines={3} height={84} />}
      {answer.data && rows.length === 0 && <p className="quiet">{words.noFindings}</p>}
      <ul className="findings">
        {rows.map(([severity, finding, command], at) => (
          <li key={at}>
            <span className={`mark ${String(severity)}`}>{String(severity)}</span>
            <span>{String(finding)}</span>
            <code>{String(command)}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
