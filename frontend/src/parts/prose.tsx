/** A sentence in which what stands between backticks is set as code. */
export function Prose(props: { text: string }) {
  return props.text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part));
}
