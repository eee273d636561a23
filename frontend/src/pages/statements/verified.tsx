import { Failure } from '../../parts/states';
import { useApi, type TableAnswer } from '../../lib/api';
import { statementText as words } from '../../text/statements';
import { rowsOf, viewUrl } from './answers';

/** Whether the statement, made again from what it pins, is the one that stands: each check said. */
export function Verified(props: { number: string; turn: number }) {
  const answer = useApi<TableAnswer>(viewUrl(props.number, 'verification', props.turn));
  if (answer.error) return <Failure error={answer.error} retry={answer.retry} />;
  if (!answer.data)
    return (
      <p className="verified quiet" role="status">
        {words.verify.running}
      </p>
    );
  const checks = rowsOf(answer.data);
  const failed = checks.filter((each) => each.Result !== 'ok');
  const holds = failed.length === 0;
  return (
    <details className="verified" open={!holds}>
      <summary>
        <span className={holds ? 'seal issued' : 'seal bad'}>
          {holds ? words.verify.verified : words.verify.failed}
        </span>{' '}
        <span className="quiet">{words.verify.help}</span>
      </summary>
      <table className="sums checks">
        <caption className="visually-hidden">{words.verify.checks}</caption>
        <tbody>
          {checks.map((each) => (
            <tr key={each.Check}>
              <th scope="row">{words.verify.names[each.Check ?? ''] ?? each.Check}</th>
              <td className={each.Result === 'ok' ? 'good' : 'bad'}>
                {each.Result === 'ok' ? words.verify.ok : words.verify.wrong}
              </td>
              <td className="detail">{each.Detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
