// Colour carries meaning only: one hue per model family, three tints of it by direction.
// Hues follow the Okabe-Ito palette, which stays apart under deuteranopia and protanopia.

const FAMILIES: Record<string, number> = {
  GPT: 0,
  'o-series': 1,
  o: 1,
  DeepSeek: 2,
  Grok: 3,
  Claude: 4,
  Llama: 5,
  Mistral: 6,
  Phi: 7,
  'text-embedding': 8,
  FLUX: 9,
  'Cohere Command': 5,
  Command: 5,
  GLM: 6,
};

// lightness and chroma differ between neighbours too, so that hue is never alone
const HUES: [light: string, dark: string][] = [
  ['#0072B2', '#56A5DC'],
  ['#D55E00', '#F08A3C'],
  ['#009E73', '#3CC79B'],
  ['#A35B8A', '#D58ABB'],
  ['#8C6D00', '#D9B23C'],
  ['#4B5AA8', '#8E9BE6'],
  ['#6B7F2A', '#A8C05A'],
  ['#8A4B2F', '#C98868'],
  ['#3E8E9E', '#7CCBDA'],
  ['#7A7A78', '#A9A9A5'],
];

const NONE: [string, string] = ['#8B8B88', '#8B8B88'];

/** The colour of a model family in a theme; the same family is the same hue everywhere. */
export function familyColour(family: string | null, dark: boolean): string {
  if (!family) return NONE[dark ? 1 : 0];
  const at = FAMILIES[family] ?? hash(family) % HUES.length;
  return (HUES[at] ?? NONE)[dark ? 1 : 0];
}

/** Whether a family is one of models that count tokens, as far as the palette knows. */
export function isTokenFamily(family: string): boolean {
  return family in FAMILIES;
}

/** A colour by place, for groups that are no families. */
export function placeColour(at: number, dark: boolean): string {
  return (HUES[at % HUES.length] ?? NONE)[dark ? 1 : 0];
}

/** The tint of a direction: output full, input lighter, cached lightest. */
export function tinted(colour: string, kind: string, dark: boolean): string {
  const amount = { Output: 0, Input: 0.38, Cached: 0.68, Other: 0.84 }[kind] ?? 0.2;
  return mixed(colour, dark ? '#141413' : '#FBFBFA', amount);
}

function mixed(colour: string, paper: string, amount: number): string {
  const parts = [1, 3, 5].map((at) => {
    const own = parseInt(colour.slice(at, at + 2), 16);
    const other = parseInt(paper.slice(at, at + 2), 16);
    return Math.round(own + (other - own) * amount)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

function hash(name: string): number {
  let value = 7;
  for (const letter of name) value = (value * 31 + letter.charCodeAt(0)) >>> 0;
  return value;
}
