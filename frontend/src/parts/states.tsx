import type { ReactNode } from 'react';
import type { ApiError } from '../lib/api';
import { text } from '../text';
import { Prose } from './prose';

/** A calm block that says what is not here, and what to do next. */
export function State(props: {
  title: string;
  children?: ReactNode;
  role?: string;
  alone?: boolean;
}) {
  const Heading = props.alone ? 'h1' : 'h2';
  return (
    <div className="state" role={props.role}>
      <Heading>{props.title}</Heading>
      {props.children}
    </div>
  );
}

export function Empty(props: { title?: string; help?: string }) {
  return (
    <State title={props.title ?? text.states.emptyTitle}>
      <p>
        <Prose text={props.help ?? text.states.empty} />
      </p>
    </State>
  );
}

/** What went wrong, in the house's three lines. */
export function Failure(props: { error: ApiError; retry?: () => void }) {
  const { error } = props;
  const words = text.states;
  if (error.status === 401) return <SignIn />;
  const title =
    error.status === 0
      ? words.unreachableTitle
      : error.status === 503
        ? words.noHubTitle
        : words.errorTitle;
  return (
    <State title={title} role="alert">
      <p>
        <Prose text={error.status === 0 ? words.unreachable : error.problem.message} />
      </p>
      {error.status !== 0 && (
        <p className="quiet">
          <Prose text={error.problem.help} />
        </p>
      )}
      {props.retry && mayPass(error) && (
        <button type="button" className="button" onClick={props.retry}>
          {words.retry}
        </button>
      )}
    </State>
  );
}

/** A page of the whole bill, opened by someone who sees a part of it. */
export function NotYours() {
  return (
    <State title={text.states.notYours} role="alert" alone>
      <p>{text.states.notYoursHelp}</p>
    </State>
  );
}

/** Whether the same question may be answered another time: a wrong one never is. */
function mayPass(error: ApiError): boolean {
  return error.status === 0 || error.status >= 500;
}

function SignIn() {
  const failed = new URLSearchParams(window.location.search).get('sign-in') === 'failed';
  return (
    <State title={failed ? text.states.signInFailedTitle : text.states.signInTitle}>
      <p>{failed ? text.states.signInFailed : text.states.signIn}</p>
      <a className="button" href="/auth/login?next=/">
        {text.states.signInButton}
      </a>
    </State>
  );
}

/** Grey lines in the place where rows will be, so that nothing moves when they come. */
export function Waiting(props: { lines?: number; height?: number }) {
  return (
    <div
      className="waiting"
      role="status"
      aria-label={text.states.loading}
      style={props.height ? { height: props.height } : undefined}
    >
      {Array.from({ length: props.lines ?? 8 }, (_, at) => (
        <span key={at} />
      ))}
    </div>
  );
}
